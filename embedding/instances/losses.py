"""Losses of tuples, each a query, a positive and its negatives; and the pair losses over all pairs of their batch.

The contract is that of ``embedding.losses``, ``loss(embeddings, labels)`` gives one value, (1,): the embeddings (B, D),
of unit length where ``unit_rows`` says so, lie tuple by tuple, and the labels (B,) are those of their instances.
"""

from types import ModuleType

from datasets.errors import InputError
from embedding import losses
from embedding.losses.base import EmbeddingLoss, MetricLoss
from embedding.mx import Array, nd

_OVER_PAIRS = ("lifted", "margin", "multi_similarity", "npair")  # of ``embedding.losses``

_EPS = 1e-6  # added to differences, as PyTorch and so the reference do


class TupleLoss(EmbeddingLoss):
    """A loss that tells a tuple's images by their places: query, positive, then ``negatives`` negatives.

    It is a sum over the tuples of a batch, which may therefore come a part at a time.
    """

    def __init__(self, *, negatives: int, margin: float) -> None:
        super().__init__()
        self._of_a_tuple, self._margin = 2 + negatives, margin

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (T * (2 + n), D); labels are not looked at."""
        return super().forward(embeddings)

    def hybrid_forward(self, F: ModuleType, embeddings: Array) -> Array:
        tuples = F.reshape(embeddings, shape=(-4, -1, self._of_a_tuple, 0))  # (T, 2 + n, D)
        query, positive = (F.slice_axis(tuples, axis=1, begin=i, end=i + 1) for i in (0, 1))
        return self.of_tuples(F, query, positive, F.slice_axis(tuples, axis=1, begin=2, end=None))

    def of_tuples(self, F: ModuleType, query: Array, positive: Array, negatives: Array) -> Array:
        """The loss, (1,), of queries and positives (T, 1, D) and negatives (T, n, D)."""
        raise NotImplementedError


class ContrastiveTuples(TupleLoss):
    """The sum over tuples of 1/2 d_qp^2, and over their negatives of 1/2 [margin - d_qn]+^2; d = |a - b + 1e-6|.

    Radenovic, Tolias & Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2018.
    """

    def __init__(self, *, negatives: int, margin: float = 0.7) -> None:
        super().__init__(negatives=negatives, margin=margin)

    def of_tuples(self, F: ModuleType, query: Array, positive: Array, negatives: Array) -> Array:
        to_positive = F.sum(F.square(query - positive + _EPS))
        squared = F.sum(F.square(F.broadcast_sub(query, negatives) + _EPS), axis=2)
        # The smallest addend keeps the root's gradient finite where a difference is -1e-6 in every dimension.
        too_near = F.relu(self._margin - F.sqrt(squared + _EPS**3))
        return (to_positive + F.sum(F.square(too_near))) / 2


class TripletTuples(TupleLoss):
    """The sum over tuples and their negatives of [|q - p|^2 - |q - n|^2 + margin]+.

    Arandjelovic, Gronat, Torii, Pajdla & Sivic, "NetVLAD: CNN architecture for weakly supervised place recognition",
    CVPR 2016.
    """

    def __init__(self, *, negatives: int, margin: float = 0.1) -> None:
        super().__init__(negatives=negatives, margin=margin)

    def of_tuples(self, F: ModuleType, query: Array, positive: Array, negatives: Array) -> Array:
        to_positive = F.sum(F.square(query - positive), axis=2)
        to_negatives = F.sum(F.square(F.broadcast_sub(query, negatives)), axis=2)
        return F.sum(F.relu(F.broadcast_sub(to_positive, to_negatives) + self._margin))


_TUPLE_LOSSES: dict[str, type[TupleLoss]] = {"contrastive": ContrastiveTuples, "triplet": TripletTuples}


def names() -> list[str]:
    """The names of all losses that tuples can be trained with."""
    return [*_TUPLE_LOSSES, *_OVER_PAIRS]


def adds_up(name: str) -> bool:
    """Whether the loss ``name`` of a batch is the sum of the losses of its tuples."""
    return name in _TUPLE_LOSSES


def build(name: str, *, negatives: int, classes: int, dim: int, margin: float | None = None) -> EmbeddingLoss:
    """The loss ``name`` over tuples of so many negatives; ``margin`` where it is not to be its own.

    classes : number of instances that are trained on; dim : size of the embeddings
    Raises InputError where it has no margin.
    """
    own = {} if margin is None else {"margin": margin}
    if name in _TUPLE_LOSSES:
        return _TUPLE_LOSSES[name](negatives=negatives, **own)
    try:
        settings = losses.settings(name, own)
    except InputError:
        raise InputError(f"--loss-margin={margin}: {name} has no margin; leave it out") from None
    made: type[MetricLoss] = losses.get(name).Loss
    return made(classes=classes, dim=dim, **settings)
