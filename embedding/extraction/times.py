"""Times: how long a job read, decoded, embedded, wrote and waited, and which of these holds it back."""

from dataclasses import dataclass


@dataclass
class Times:
    """Seconds that the making of ``pictures`` vectors took.

    reading, decoding : of all threads together; while the cores have other work too, they are longer than alone
    waiting : for the threads, while nothing was embedded
    embedding, writing : of one after the other
    """

    pictures: int = 0
    reading: float = 0.0
    decoding: float = 0.0
    waiting: float = 0.0
    embedding: float = 0.0
    writing: float = 0.0

    def __iadd__(self, other: "Times") -> "Times":
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def line(self, workers: int) -> str:
        """What took how long with so many threads, and what to do about it."""
        parts = f"waited {self.waiting:.1f} s for pictures, embedded {self.embedding:.1f} s, wrote {self.writing:.1f} s"
        threads = f"; {workers} thread(s) read {self.reading:.1f} s and decoded {self.decoding:.1f} s"
        return f"{parts}{threads}: {self._verdict()}"

    def _verdict(self) -> str:
        if self.writing > max(self.embedding, self.waiting):
            return "writing holds it back"
        if self.embedding >= self.waiting:
            return "the network holds it back"
        slow = "reading" if self.reading > self.decoding else "decoding"
        return f"{slow} holds it back; where cores are idle, more --workers help"
