"""Losses of embeddings of two kinds of pictures: ``loss(asking, answering, labels)`` gives one value, (1,).

Row i of both, (B, D), is of class labels[i]. Triplet and contrastive compare a sketch with photographs alone; every
other loss of ``embedding.losses`` sees the pictures of both kinds as one batch.
"""

from types import ModuleType
from typing import Any

from embedding import losses
from embedding.losses.base import EmbeddingLoss, own_settings
from embedding.losses.contrastive import ContrastiveLoss
from embedding.losses.triplet import TripletLoss
from embedding.mining import pairs
from embedding.mining.across import AcrossHardMiner, AcrossSemiHardMiner, across
from embedding.mx import Array, nd


class AcrossTriplet(TripletLoss):
    """``TripletLoss`` whose anchors are sketches, and whose positives and negatives are photographs."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.across_hard, self.across_semi_hard = AcrossHardMiner(), AcrossSemiHardMiner()

    def forward(self, asking: nd.NDArray, answering: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) of sketches and of photographs, and their labels (B,)."""
        return super().forward(nd.concat(asking, answering, dim=0), nd.concat(labels, labels, dim=0))

    def _miner(self, rows: int) -> AcrossHardMiner | AcrossSemiHardMiner:
        return self.across_semi_hard if self._semi_hard else self.across_hard


class AcrossContrastive(ContrastiveLoss):
    """``ContrastiveLoss`` over the pairs of a sketch and a photograph."""

    def forward(self, asking: nd.NDArray, answering: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) of sketches and of photographs, unit rows, and their labels (B,)."""
        return super().forward(nd.concat(asking, answering, dim=0), nd.concat(labels, labels, dim=0))

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> Array:
        distances, same = (across(F, of) for of in (pairs.distances(F, embeddings), pairs.same_class(F, labels)))
        return self.of_pairs(F, distances, distances, same, 1 - same)


class Together(EmbeddingLoss):
    """Any loss of ``embedding.losses``, over the pictures of both kinds as one batch."""

    def __init__(self, loss: EmbeddingLoss) -> None:
        super().__init__()
        self.loss = loss
        self.unit_rows, self.learning_rate, self.optimizer = loss.unit_rows, loss.learning_rate, loss.optimizer
        self.begin, self.complaint, self.measures = loss.begin, loss.complaint, loss.measures

    def forward(self, asking: nd.NDArray, answering: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) of sketches and of photographs, and their labels (B,)."""
        return self.loss(nd.concat(asking, answering, dim=0), nd.concat(labels, labels, dim=0))


_ACROSS = {"triplet": AcrossTriplet, "contrastive": AcrossContrastive}

names = losses.names


def unit_rows(name: str) -> bool:
    """Whether the loss ``name`` wants embeddings of unit length."""
    return losses.get(name).Loss.unit_rows


def make(name: str, *, classes: int, dim: int, batch_k: int, **own: Any) -> EmbeddingLoss:
    """The loss ``name`` for so many training classes, embeddings of ``dim`` numbers, and ``batch_k`` images of a class
    and kind; ``own`` are settings of it, None where it has its default.

    Raises InputError for an unknown loss, or a setting that it has not.
    """
    settings = losses.settings(name, own)
    if name in _ACROSS:
        return _ACROSS[name](classes=classes, dim=dim, batch_k=batch_k, **settings)
    return Together(losses.get(name).Loss(classes=classes, dim=dim, batch_k=2 * batch_k, **settings))


def taken(name: str) -> set[str]:
    """The settings that the loss ``name`` has."""
    return set(own_settings(losses.get(name).Loss))
