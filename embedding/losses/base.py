"""What every loss is: a block that says what it wants to be given and how its own parameters learn."""

import inspect
from collections.abc import Mapping
from typing import Any

from datasets.errors import InputError
from embedding.mx import gluon, nd


class EmbeddingLoss(gluon.HybridBlock):
    """``loss(*outputs, *targets)`` gives one value, (1,), of what a net gives and of the targets of a batch.

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

    def measures(self) -> dict[str, float]:
        """What else is to be told of an epoch when it ends, by name; a run keeps it in metrics.jsonl."""
        return {}

    def complaint(self, mean: float) -> str:
        """What is wrong with an epoch whose mean loss is ``mean``, as a sentence for the log, or nothing."""
        return ""


class MetricLoss(EmbeddingLoss):
    """``loss(embeddings, labels)`` gives one value, (1,); see the contract in ``embedding.losses``.

    classes : number of training classes, C
    dim : size of the embeddings, D
    batch_k : the most images of a class in a batch
    """

    def __init__(self, *, classes: int, dim: int, batch_k: int | None = None) -> None:
        super().__init__()
        self._classes, self._dim, self._batch_k = classes, dim, batch_k


def own_settings(loss: type[EmbeddingLoss]) -> dict[str, inspect.Parameter]:
    """By name, what a loss and the kinds of loss that it is built on can be told, each with a default."""
    found: dict[str, inspect.Parameter] = {}
    for kind in reversed(loss.__mro__):
        if issubclass(kind, EmbeddingLoss) and "__init__" in vars(kind):
            found |= inspect.signature(kind).parameters
    return {name: taken for name, taken in found.items() if taken.default is not inspect.Parameter.empty}


def check_dim(embeddings: nd.NDArray, dim: int) -> None:
    """Raise ValueError where embeddings (B, D) are not of the size that a loss was made for."""
    if embeddings.shape[1] != dim:
        raise ValueError(f"embeddings have {embeddings.shape[1]} dimensions, the loss was made for {dim}")


def settings(loss: type[EmbeddingLoss], name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was ``given`` of the settings of ``loss`` itself, which is called ``name``, without what is None: not said.

    Raises InputError for a setting that it does not have, and for a fraction where it takes a whole number.
    """
    said = {key: value for key, value in given.items() if value is not None}
    taken = own_settings(loss)
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
