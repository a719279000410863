"""The name of one folder: no path, on whichever system the folder is copied to."""

from datasets.errors import InputError

LONGEST = 200  # bytes; systems take 255, and what is written beside a folder has more behind the name


def check_name(flag: str, name: str) -> None:
    """Raises InputError, naming the ``flag``, where ``name`` could lead out of the folder that it is to stand in."""
    shown = name if name.isprintable() else ascii(name)
    if name in (".", "..") or {"/", "\\"} & set(name) or name != name.strip() or not name.isprintable():
        raise InputError(f"{flag}={shown}: must be the name of one folder, no path and without blanks around it")
    if len(name.encode()) > LONGEST:
        raise InputError(f"{flag}={shown[:20]}...: must have {LONGEST} bytes or less, has {len(name.encode())}")
