"""The two-sided net: a picture and a text to activations, whose signs are the bits of their codes."""

from types import ModuleType

import numpy as np

from embedding.mx import Array, gluon, nd
from embedding.network.net import Compiled, Encoder
from hashing.net import HashHead

_LEAST = 0.1  # of the mean deviation of features: the least that one is divided by


class Side(gluon.HybridBlock):
    """Rows (B, C), features of pictures or words of texts, to activations (B, K): standardised, of unit length, a head.

    Standardising is by the mean and the deviation of the training rows, which ``settle`` takes. C is known when it has,
    or weights are loaded.

    bits, hidden, tanh : as of ``HashHead``
    dropout : share of the standardised numbers that a training step leaves out
    """

    def __init__(self, bits: int, *, hidden: int, tanh: bool, dropout: float) -> None:
        super().__init__()
        how = {"shape": (1, 0), "grad_req": "null", "allow_deferred_init": True}
        self.mean = self.params.get("mean", init="zeros", **how)
        self.deviation = self.params.get("deviation", init="ones", **how)
        self.dropout = gluon.nn.Dropout(dropout)
        self.head = HashHead(bits, hidden=hidden, tanh=tanh)

    def settle(self, rows: np.ndarray) -> None:
        """Take mean and deviation from the training ``rows`` (N, C).

        What hardly varies among them is not raised to the scale of the rest: in a row where it did, nothing else would
        be seen.
        """
        deviation = rows.std(axis=0, keepdims=True)
        deviation = np.maximum(deviation, max(_LEAST * float(deviation.mean()), 1e-6))
        self.mean.set_data(nd.array(rows.mean(axis=0, keepdims=True)))
        self.deviation.set_data(nd.array(deviation))
        for device in self.mean.list_ctx():  # the layers get their shapes from a first row
            self(nd.array(rows[:1], ctx=device))

    def hybrid_forward(self, F: ModuleType, rows: Array, mean: Array, deviation: Array) -> Array:
        standard = F.L2Normalization(F.broadcast_div(F.broadcast_sub(rows, mean), deviation))
        return self.head(self.dropout(standard))


class CrossNet(Compiled):
    """uint8 RGB pictures (B, H, W, 3), or features (B, C) where there is no encoder, and rows (B, W) of words to the
    activations (B, K) of both."""

    def __init__(self, encoder: Encoder | None, pictures: Side, texts: Side) -> None:
        super().__init__()
        self.encoder, self.pictures, self.texts = encoder, pictures, texts

    @property
    def pools_regions(self) -> bool:
        """Whether its encoder does, where it has one."""
        return self.encoder is not None and self.encoder.pools_regions

    def hybrid_forward(self, F: ModuleType, pictures: Array, words: Array) -> tuple[Array, Array]:
        features = pictures if self.encoder is None else self.encoder(pictures)
        return self.pictures(features), self.texts(words)
