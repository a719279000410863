"""Order embeddings (Vendrov, Kiros, Fidler, Urtasun, "Order-embeddings of images and language", ICLR 2016)."""

from types import ModuleType

from embedding.mx import Array
from vse.losses.sum_hinge import SumHingeLoss
from vse.mining import hinges


class OrderLoss(SumHingeLoss):
    """As ``sum_hinge``, of s(i, c) = -|max(0, c - i)|^2: by how much an image lies below its caption.

    A sentence says less than its picture shows, and so stands above it in the order of what implies what. Embeddings
    are absolute values of unit rows, as the network gives them for this similarity. The norm is squared, as in the
    paper, whose margin this is; the code of VSE++ takes its root.
    """

    similarity = "order"

    def __init__(self, *, margin: float = 0.05, **told: int) -> None:
        super().__init__(margin=margin, **told)

    def scores(self, F: ModuleType, images: Array, captions: Array) -> Array:
        return hinges.order_scores(F, images, captions)


Loss = OrderLoss
