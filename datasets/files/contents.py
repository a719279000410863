"""The bytes of a file that a path names."""

from datasets.errors import InputError


class Unopened(InputError):
    """A file whose bytes cannot be had; ``reason`` says why, without its name."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


def read(path: str) -> bytes:
    """The bytes of the file ``path``; raises Unopened where they cannot be had."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unopened(path, f"cannot be read ({error.strerror})") from None
