"""Load: how many clients ask at once, and how often; read from the flags."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError

MOST_CLIENTS, MOST_RATE = 1024, 1e6


@dataclass(frozen=True)
class Load:
    """So many clients, in a closed loop or at a rate.

    rate : queries a second of all clients together, 0 is none: each asks again as soon as it is answered
    share : the same as a share of what the closed loop reaches, 0 is none
    processes : whether clients are processes, each with an index of its own, or threads that share one
    """

    clients: int
    rate: float = 0.0
    share: float = 0.0
    processes: bool = False

    @property
    def name(self) -> str:
        """ "8 clients", "8 clients at 1,000 a second", "1 process at 50%" """
        one, many = ("process", "processes") if self.processes else ("client", "clients")
        who = f"{self.clients} {one if self.clients == 1 else many}"
        if self.share:
            return f"{who} at {self.share:.4g}%"
        return f"{who} at {self.rate:,.10g} a second" if self.rate else who


def read(clients: str, rates: str, *, processes: bool) -> list[Load]:
    """All that are asked for: every number of clients at every rate; raises InputError naming the flag."""
    numbers = [_clients(word) for word in _words(clients)]
    if not numbers:
        raise InputError("--clients: say how many, like 1,2,4,8")
    pairs = [_rate(word) for word in _words(rates)] or [(0.0, 0.0)]
    return list(dict.fromkeys(Load(number, *pair, processes) for pair in pairs for number in numbers))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _clients(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= MOST_CLIENTS:
        raise InputError(f"--clients={word}: must be a whole number from 1 to {MOST_CLIENTS}")
    return int(word)


def _rate(word: str) -> tuple[float, float]:
    """(rate, share) of one word of the flag: closed, 1000 or 50%."""
    if word == "closed":
        return 0.0, 0.0
    try:
        value = float(word.removesuffix("%"))
    except ValueError:
        value = 0.0
    if not 0 < value <= MOST_RATE:
        raise InputError(
            f"--rate={word}: must be queries a second, like 1000, a share of the most, like 50%, or closed"
        )
    return (0.0, value) if word.endswith("%") else (value, 0.0)


def arrivals(rate: float, seconds: float, *, seed: int) -> np.ndarray:
    """When queries are due, in seconds from 0 to ``seconds``, (n,), in order, as independent users ask.

    A Poisson process, of which so many come as the rate asks for: given that, they come at any time alike.
    """
    count = max(1, round(rate * seconds))
    return np.sort(np.random.default_rng(seed).uniform(0, seconds, count))
