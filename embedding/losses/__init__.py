"""Losses, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.EmbeddingLoss``. ``Loss(classes=C, dim=D,
batch_k=K, **own)`` is told the number of training classes, the embedding size and the most images of a class that a
batch holds; whatever else it takes has a default. ``loss(embeddings, labels)``, with embeddings (B, D) and labels (B,)
in [0, C) in any order, gives one value of shape (1,), computed on the device. The embeddings have unit rows where its
``unit_rows`` says so. Parameters of its own are trained with it, as its ``learning_rate`` and ``optimizer`` say.
"""

import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from datasets import plugins
from datasets.errors import InputError

_HERE = sys.modules[__name__]
_NOT_A_LOSS = ("base",)


def names() -> list[str]:
    """The names of all losses."""
    return plugins.names(_HERE, besides=_NOT_A_LOSS)


def get(name: str) -> ModuleType:
    """The module of the loss ``name``; raises InputError with a suggestion for an unknown one."""
    return plugins.get(_HERE, name, kind="loss", besides=_NOT_A_LOSS)


def settings(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was ``given`` of the loss ``name`` itself, without what is None: not said.

    Raises InputError for a setting that it does not have, and for a fraction where it takes a whole number.
    """
    said = {key: value for key, value in given.items() if value is not None}
    taken = inspect.signature(get(name).Loss).parameters
    for key, value in said.items():
        if key not in taken:
            raise InputError(f"{_flag(key, value)}: {name} has no such setting; leave it out")
        if type(taken[key].default) is int:
            said[key] = int(value)
            if said[key] != value:
                raise InputError(f"{_flag(key, value)}: must be a whole number for {name}")
    return said


def _flag(key: str, value: Any) -> str:
    return f"--{key.replace('_', '-')}={value}"
