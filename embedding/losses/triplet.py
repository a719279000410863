"""Triplet loss (Hermans, Beyer, Leibe, "In defense of the triplet loss for person re-identification", 2017)."""

import math
from types import ModuleType

from embedding.losses.base import MetricLoss
from embedding.mining import pairs
from embedding.mining.triplets import HardMiner, SemiHardMiner
from embedding.mx import Array, nd

MININGS = ("hard", "semi-hard")

_EPS = 1e-8  # inside every root, so that equal images have a gradient

# Where a loss sits: within this share of the value that it has when all images are in one place.
_SITS = 0.02
# Distances of images that are as good as in one place, where the soft margin or unit rows set the scale.
_CONTRACTED = 0.1


class TripletLoss(MetricLoss):
    """The mean over triplets (a, p, n) of log(1 + exp(d_ap - d_an)), or with a margin of [d_ap - d_an + margin]+.

    Distances are d = sqrt(|a - b|^2 + 1e-8), not squared. Hard mining gives each anchor its farthest positive and its
    nearest negative, its own image excluded; semi-hard mining gives each pair (anchor, positive) the nearest negative
    that is farther than the positive, or the farthest of all where none is (``embedding.mining.triplets``). The mean is
    over all triplets, those that cost nothing too; anchors without a positive or without a negative are in none. Of
    equally hard images one is taken, and has all of the gradient.

    batch_k : the most images of a class in a batch, for semi-hard mining: of a larger class only the first so many, in
        order of labels, are positives. None for any, at a cost of B x B x B.
    mining : hard or semi-hard
    margin : of the hinge; None for the soft margin
    warm_up : epochs of semi-hard mining before hard mining begins, against collapse
    unit_rows : whether embeddings are of unit length; not in the paper
    """

    def __init__(
        self,
        *,
        mining: str = "hard",
        margin: float | None = None,
        warm_up: int = 0,
        unit_rows: bool = True,
        **told: int,
    ) -> None:
        super().__init__(**told)
        if mining not in MININGS:
            raise ValueError(f"mining {mining!r}: must be one of {', '.join(MININGS)}")
        self.unit_rows = unit_rows
        self._margin, self._warm_up = margin, warm_up
        self._always_semi_hard = mining == "semi-hard"
        self._semi_hard = self._always_semi_hard or warm_up > 0
        self._to_negatives: nd.NDArray | None = None
        self.hard_miner = HardMiner()
        self._slots = 0
        self.ones = self.params.get_constant("ones", nd.ones(self._dim))

    def begin(self, epoch: int) -> None:
        """Semi-hard mining up to epoch ``warm_up``, then what was chosen."""
        super().begin(epoch)
        self._semi_hard = self._always_semi_hard or epoch <= self._warm_up
        self._to_negatives = None

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) and labels (B,)."""
        loss, self._to_negatives = super().forward(embeddings, *self._miner(len(labels))(embeddings, labels))
        return loss

    def _miner(self, rows: int) -> HardMiner | SemiHardMiner:
        if not self._semi_hard:
            return self.hard_miner
        slots = self._batch_k or rows
        if slots != self._slots:  # compiled graphs hold that number
            self._slots = slots
            self.semi_hard_miner = SemiHardMiner(slots=slots)
            self.semi_hard_miner.hybridize(self._active, static_alloc=True)
        return self.semi_hard_miner

    def hybrid_forward(
        self,
        F: ModuleType,
        embeddings: Array,
        anchor: Array,
        positive: Array,
        negative: Array,
        weight: Array,
        ones: Array,
    ) -> tuple[Array, Array]:
        anchors = F.take(embeddings, anchor)  # (B, S, D)
        # A product with ones adds up D columns many times faster than sum() does on the CPU.
        to_positive, to_negative = (
            F.sqrt(F.dot(F.square(anchors - F.take(embeddings, rows)), ones) + _EPS) for rows in (positive, negative)
        )  # (B, S)
        return self.of_distances(F, to_positive, to_negative, weight), F.BlockGrad(pairs.mean(F, to_negative, weight))

    def of_distances(self, F: ModuleType, to_positive: Array, to_negative: Array, weight: Array) -> Array:
        """The loss, (1,), of distances of anchors to positives and negatives, and of weights of triplets: (B, S)."""
        terms = to_positive - to_negative
        terms = F.Activation(terms, act_type="softrelu") if self._margin is None else F.relu(terms + self._margin)
        return pairs.mean(F, terms, weight)

    def complaint(self, mean: float) -> str:
        """Whether training collapses: the loss is that of equal distances, and negatives are next to their anchors."""
        at = math.log(2) if self._margin is None else self._margin
        near = _CONTRACTED if self._margin is None else min(_CONTRACTED, self._margin / 2)
        if self._to_negatives is None or abs(mean - at) > _SITS * at:
            return ""
        distance = float(self._to_negatives.asscalar())
        if distance > near:
            return ""
        where = "ln 2" if self._margin is None else "its margin"
        cure = "" if self._margin is None else ", or the soft margin, --soft"
        return (
            f"the loss sits at {where}, {at:.3g}, and the negatives of the last batch are {distance:.2g} from their"
            f" anchors: the embeddings collapse to a point; start anew with a lower --lr or a longer --warm-up{cure}"
        )


Loss = TripletLoss
