"""Units: amounts as people write and read them, 4GB of memory, 10M vectors, 30min."""

import re

from datasets.errors import InputError

_BYTES = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_COUNTS = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_LEAST_BARE = 1e6  # a smaller number without a unit was meant as something else than bytes
_NUMBER = r"(\d+(?:[_,]\d{3})*(?:\.\d+)?(?:e\d+)?)"


def read_bytes(text: str, *, flag: str = "--memory") -> int:
    """``"4GB"``, ``"512 MiB"`` or ``"1e9"`` as bytes; GB are 10^9, GiB 2^30.

    A number without a unit is one of bytes, a million or more. Raises InputError naming the flag.
    """
    found = re.fullmatch(_NUMBER + r" ?([kmgt]?i?)b?", text.strip().lower())
    if not found or found[2] not in _BYTES or not _number(found[1]):
        raise InputError(f"{flag}={text}: is no amount of memory; write 4GB, 512MiB or a number of bytes")
    if text.strip()[-1].isdigit() and _number(found[1]) < _LEAST_BARE:
        raise InputError(f"{flag}={text}: {text} bytes are too few; write {text}GB or {text}MB")
    return int(_number(found[1]) * _BYTES[found[2]])


def read_count(text: str, *, flag: str = "--count") -> int:
    """``"10M"``, ``"250k"``, ``"1B"`` or ``"1,000,000"`` as a number. Raises InputError naming the flag."""
    found = re.fullmatch(_NUMBER + r" ?([kmb]?)", text.strip().lower())
    count = int(round(_number(found[1]) * _COUNTS[found[2]])) if found else 0
    if count < 1:
        raise InputError(f"{flag}={text}: is no number of vectors; write 10M, 250k, 1B or 1000000")
    return count


def read_seconds(text: str, *, flag: str) -> float:
    """``"90s"``, ``"30min"``, ``"1.5h"`` or ``"1h30min"`` as seconds. Raises InputError naming the flag.

    A number without a unit is refused: 30 may be meant as minutes.
    """
    words = text.strip().lower().replace(" ", "")
    parts = re.findall(_NUMBER + r"([a-z]+)", words)
    seconds = sum(_number(number) * _SECONDS.get(unit, 0) for number, unit in parts)
    known = "".join(number + unit for number, unit in parts) == words and all(unit in _SECONDS for _, unit in parts)
    if not known or not seconds:
        raise InputError(f"{flag}={text}: is no time; write 90s, 30min, 1.5h or 1h30min")
    return seconds


def _number(word: str) -> float:
    return float(word.replace(",", "").replace("_", ""))


def in_bytes(value: float) -> str:
    """ "3.8 GB" """
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:,.3g} TB" if value < 1000 else f"{value:,.0f} TB"


def in_time(seconds: float) -> str:
    """ "1.2 s", "14 min", "3.5 h" """
    if seconds < 99.5:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def significant(value: float) -> str:
    """Three digits and thousands parted: "0.123", "12.3", "4,560" """
    if abs(value) >= 999.5:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"
