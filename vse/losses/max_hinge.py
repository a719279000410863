"""The hinge of the hardest negative (VSE++: Faghri, Fleet, Kiros, Fidler, BMVC 2018), with a guard against collapse."""

from types import ModuleType

from embedding.mx import Array, nd
from vse.losses.sum_hinge import SumHingeLoss
from vse.mining import hinges

# Where a loss sits: within this share of the value that it has when all embeddings are in one place.
_SITS = 0.1
# Of hinges that all come from scores as good as equal: how far from the margin they are, as a share of it.
_ALIKE = 0.1


class MaxHingeLoss(SumHingeLoss):
    """The mean over the pairs of a batch of [margin + s(i, c') - s(i, c)]+ plus [margin + s(i', c) - s(i, c)]+, of the
    hardest negatives: the most similar caption c' and the most similar image i' of other images; s is the cosine.

    The published code adds up the pairs of a batch where this is their mean. Embeddings that all are in one place cost
    twice the margin, and hardest negatives can hold a young network there for good: hence the first epochs go by the
    sum of hinges. That is a much larger number, so that it is well to clip gradients (the paper: at 2).

    warm_up : epochs of the sum of hinges before hardest negatives begin
    """

    def __init__(self, *, margin: float = 0.2, warm_up: int = 2, **told: int) -> None:
        super().__init__(margin=margin, **told)
        self._warm_up, self._sums = warm_up, warm_up > 0
        self._spread: nd.NDArray | None = None

    def begin(self, epoch: int) -> None:
        """The sum of hinges up to epoch ``warm_up``, then the hardest alone."""
        self._spread = None
        if self._sums != (epoch <= self._warm_up):
            self._sums = not self._sums
            self._clear_cached_op()  # a compiled graph is of one of the two

    def forward(self, images: nd.NDArray, captions: nd.NDArray, numbers: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of images and captions (B, D) and the numbers (B,) of their images."""
        found = super().forward(images, captions, numbers)
        if self._sums:
            return found
        loss, self._spread = found
        return loss

    def hybrid_forward(
        self, F: ModuleType, images: Array, captions: Array, numbers: Array
    ) -> Array | tuple[Array, Array]:
        if self._sums:
            return super().hybrid_forward(F, images, captions, numbers)
        hardest = hinges.of_hardest(F, self.scores(F, images, captions), numbers, self._margin)
        return 2 * F.mean(hardest), F.BlockGrad(F.mean(F.abs(hardest - self._margin)))

    def complaint(self, mean: float) -> str:
        """Whether training collapses: the loss is that of equal scores, and in the last batch they are equal."""
        at = 2 * self._margin
        if self._spread is None or abs(mean - at) > _SITS * at:
            return ""
        spread = float(self._spread.asscalar())
        if spread > _ALIKE * self._margin:
            return ""
        return (
            f"the loss sits at twice its margin, {at:.3g}, and in the last batch the hardest negatives are as similar"
            f" as the pairs themselves, to within {spread:.2g}: the embeddings collapse to a point; where the"
            " next epochs do not lower it, start anew with a longer --warm-up or a lower learning rate"
        )


Loss = MaxHingeLoss
