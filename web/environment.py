"""Environment: what the variables of the environment say of the settings; a wrong value is refused by its name."""

import os
import secrets
from pathlib import Path

from datasets.errors import InputError
from datasets.files import lock, whole

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


def folder(name: str, usual: str) -> Path:
    """The folder that it names, made for its owner alone where it is not there; raises InputError where it cannot."""
    path = Path(text(name, usual)).expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{name}={path}: cannot be made ({error.strerror}); name another folder, by --data") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(f"{name}={path}: cannot be written; make it yours, or name another folder, by --data")
    return path


def key(name: str) -> str:
    """A key that was given; raises InputError where it is not there, or could be guessed."""
    word = os.environ.get(name, "")
    make = f'{name}="$(python -c "import secrets; print(secrets.token_urlsafe(48))")"'
    if not word:
        raise InputError(f"{name} is not set: with --host it must be, and stay the same; make one: {make}")
    if len(word) < 50 or len(set(word)) < 5:
        raise InputError(f"{name} could be guessed: give 50 characters of chance or more; make them: {make}")
    return word


def kept_secret(file: Path) -> str:
    """The key in ``file``, which nobody else may read; made, of 384 bits of chance, where it is not there.

    Raises InputError where it cannot be written, or where others may read it.
    """
    lock.make_once(file, lambda: _write_secret(file), flag="--data")
    if file.stat().st_mode & 0o077:
        raise InputError(f"{file}: others may read this key; chmod 600 it, or remove it, and all sign in again")
    return file.read_text().strip()


def _write_secret(file: Path) -> None:
    with whole.own_beside(file) as part, open(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600), "w") as stream:
        stream.write(secrets.token_urlsafe(48) + "\n")
