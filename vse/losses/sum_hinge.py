"""The sum of hinges over all negatives of the batch, the usual loss before VSE++ (Faghri et al. call it VSE0)."""

from types import ModuleType

from embedding.mx import Array
from vse.losses.base import PairingLoss
from vse.mining import hinges


class SumHingeLoss(PairingLoss):
    """The mean over the pairs of a batch of the sum over negatives of [margin + s(i, c') - s(i, c)]+ and of
    [margin + s(i', c) - s(i, c)]+.

    Each pair of an image i and its caption c has all captions c' and all images i' of other images of the batch for
    negatives; s is the cosine (Kiros, Salakhutdinov, Zemel 2014). The published code of VSE++ adds up the pairs of a
    batch where this is their mean, so that its gradients are B times these.
    """

    def __init__(self, *, margin: float = 0.2, **told: int) -> None:
        super().__init__(**told)
        self._margin = margin

    def hybrid_forward(self, F: ModuleType, images: Array, captions: Array, numbers: Array) -> Array:
        ones = F.ones_like(numbers)
        cost, _ = hinges.of_all(F, self.scores(F, images, captions), numbers, self._margin)
        return cost / F.dot(ones, ones)

    def scores(self, F: ModuleType, images: Array, captions: Array) -> Array:
        """How similar all images (B, D) are to all captions (B, D): (B, B), a row an image."""
        return hinges.cosines(F, images, captions)


Loss = SumHingeLoss
