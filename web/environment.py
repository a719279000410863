"""Environment: what the variables of the environment say of the settings; a wrong value is refused by its name."""

import os

from datasets.errors import InputError

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def text(name: str, usual: str = "") -> str:
    """The variable ``name``, or what is usual where it is not set."""
    return os.environ.get(name, usual)


def flag(name: str, usual: bool = False) -> bool:
    """Whether it is on; raises InputError for what is neither."""
    word = os.environ.get(name, "1" if usual else "").strip().lower()
    if word in (*_TRUE, *_FALSE):
        return word in _TRUE
    raise InputError(f"{name}={word}: must be one of {', '.join((*_TRUE, *_FALSE[1:]))}")


def number(name: str, usual: int, *, least: int = 0) -> int:
    """It as a whole number; raises InputError for what is none, or below ``least``."""
    word = os.environ.get(name, "").strip() or str(usual)
    if not word.isdecimal() or int(word) < least:
        raise InputError(f"{name}={word}: must be a whole number of at least {least}")
    return int(word)
