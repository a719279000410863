"""What every loss is: a block that says what embeddings it wants and how its own parameters learn."""

import inspect
from collections.abc import Mapping
from typing import Any

from datasets.errors import InputError
from embedding.mx import gluon


class EmbeddingLoss(gluon.HybridBlock):
    """``loss(embeddings, labels)`` gives one value, (1,); see the contract in ``embedding.losses``.

    unit_rows : whether it wants embeddings of unit length; where not, it gets what the head gives
    learning_rate : of its own parameters; None for the network's
    optimizer : of its own parameters, at a rate that stays as it is; None for the network's, with its weight decay and
        its drops of the rate
    """

    unit_rows: bool = True
    learning_rate: float | None = None
    optimizer: str | None = None

    def begin(self, epoch: int) -> None:
        """Called before epoch 1, 2, ...: the place for what changes as training goes on."""

    def complaint(self, mean: float) -> str:
        """What is wrong with an epoch whose mean loss is ``mean``, as a sentence for the log, or nothing."""
        return ""


def settings(loss: type[EmbeddingLoss], name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was ``given`` of the settings of ``loss`` itself, which is called ``name``, without what is None: not said.

    Raises InputError for a setting that it does not have, and for a fraction where it takes a whole number.
    """
    said = {key: value for key, value in given.items() if value is not None}
    taken = inspect.signature(loss).parameters
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
