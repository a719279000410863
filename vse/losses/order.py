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

    images, dim : number of training images and size of the embeddings, which do not matter here
    """

    similarity = "order"

    def __init__(self, *, images: int, dim: int, margin: float = 0.05) -> None:
        super().__init__(images=images, dim=dim, margin=margin)

    def scores(self, F: ModuleType, images: Array, captions: Array) -> Array:
        return hinges.order_scores(F, images, captions)


Loss = OrderLoss
