"""What every loss of image-text embedding is: a block over pairs of an image and a caption."""

from embedding.losses.base import EmbeddingLoss
from embedding.mx import nd


class PairingLoss(EmbeddingLoss):
    """``loss(images, captions, numbers)`` gives one value, (1,); see the contract in ``vse.losses``.

    images : number of training images, N
    dim : size of the embeddings, D
    similarity : what its embeddings are compared by: "cosine", of unit rows, or "order", of rows of which an image's is
        nowhere below its caption's (Vendrov et al. 2016)
    """

    similarity: str = "cosine"

    def __init__(self, *, images: int, dim: int) -> None:
        super().__init__()
        self._images, self._dim = images, dim

    def forward(self, images: nd.NDArray, captions: nd.NDArray, numbers: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of images and captions (B, D) and the numbers (B,) of their images in [0, N)."""
        return super().forward(images, captions, numbers.astype("float32", copy=False))
