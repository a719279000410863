"""Databases: what a command says, in one line, where the database cannot be read or written."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from datasets.errors import InputError


@contextmanager
def told() -> Iterator[None]:
    """An error of the database within is an InputError, as is a disk that is full."""
    try:
        yield
    except DatabaseError as error:
        place = connection.settings_dict["NAME"]
        why = " ".join(str(error).split())
        raise InputError(
            f"{place}: the database cannot be read or written ({why}); is there room on its disk, and is it yours?"
        ) from error
