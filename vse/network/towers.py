"""The two towers: features of an image, and the words of a caption, to embeddings in one space."""

from types import ModuleType

import numpy as np

from embedding.mx import Array, autograd, gluon, mx, nd
from embedding.network.net import Compiled, Encoder
from vse.network import gru

_LEAST = 0.1  # of the mean deviation of features: the least that one is divided by


class ImageTower(gluon.HybridBlock):
    """Features (B, C) of images to embeddings (B, D): standardised, of unit length, a linear layer, unit length again.

    Standardising, by the mean and deviation of the training images that ``settle`` takes, matters most: features of a
    trunk are all positive, and so much alike that training from them as they are stands still.

    C is known when ``settle`` has seen features, or weights are loaded.

    dropout : share of the standardised features that a training step leaves out
    positive : whether the embeddings are the absolute values, as order wants them
    """

    def __init__(self, dim: int, *, dropout: float = 0.0, positive: bool = False) -> None:
        super().__init__()
        self._positive = positive
        how = {"shape": (1, 0), "grad_req": "null", "allow_deferred_init": True}
        self.mean = self.params.get("mean", init="zeros", **how)
        self.deviation = self.params.get("deviation", init="ones", **how)
        self.dropout = gluon.nn.Dropout(dropout)
        # Uniform, to the root of 6 / (C + D), as in the paper.
        self.linear = gluon.nn.Dense(dim, weight_initializer=mx.init.Xavier())

    def settle(self, features: np.ndarray) -> None:
        """Take mean and deviation from ``features`` (N, C) of the training images.

        A feature that hardly varies among them is not raised to the scale of the others: as soon as it did vary, in
        another image or because the trunk learns, it would be all that is seen.
        """
        deviation = features.std(axis=0, keepdims=True)
        deviation = np.maximum(deviation, max(_LEAST * float(deviation.mean()), 1e-6))
        self.mean.set_data(nd.array(features.mean(axis=0, keepdims=True)))
        self.deviation.set_data(nd.array(deviation))
        for device in self.mean.list_ctx():  # the linear layer gets its shape from a first row
            self(nd.array(features[:1], ctx=device))

    def hybrid_forward(self, F: ModuleType, features: Array, mean: Array, deviation: Array) -> Array:
        standard = F.L2Normalization(F.broadcast_div(F.broadcast_sub(features, mean), deviation))
        return unit(F, self.linear(self.dropout(standard)), positive=self._positive)


class WholeImageTower(Compiled):
    """uint8 RGB images (B, H, W, 3) to embeddings (B, D): a trunk's features through an image tower.

    mirrored : whether features are the mean of those of a picture and of its mirror image
    """

    def __init__(self, encoder: Encoder, tower: ImageTower, *, mirrored: bool) -> None:
        super().__init__()
        self.encoder, self.tower, self._mirrored = encoder, tower, mirrored

    def hybrid_forward(self, F: ModuleType, images: Array) -> Array:
        if not self._mirrored:
            return self.tower(self.encoder(images))
        views = self.encoder(F.concat(images, F.reverse(images, axis=2), dim=0))
        plain, mirror = F.split(views, num_outputs=2, axis=0)
        return self.tower((plain + mirror) * 0.5)


class CaptionTower(gluon.Block):
    """Words (B, T) by number, of which (B,) are the caption, to embeddings (B, D): the state of a GRU at its end.

    words : size of the vocabulary; word_dim : size of a word's vector; layers : of the GRU
    dropout : share of the numbers of word vectors that a training step leaves out
    """

    def __init__(
        self,
        words: int,
        dim: int,
        *,
        word_dim: int = 300,
        layers: int = 1,
        dropout: float = 0.0,
        positive: bool = False,
    ) -> None:
        super().__init__()
        self._layers, self._drops, self._positive = layers, dropout > 0, positive
        self.words = gluon.nn.Embedding(words, word_dim, weight_initializer=mx.init.Uniform(1))
        self.dropout = gluon.nn.Dropout(dropout)
        self.gru = gluon.rnn.GRU(dim, num_layers=layers, layout="TNC", input_size=word_dim)

    def hybridize(self, active: bool = True, **options: object) -> None:
        """Nothing: shapes differ from batch to batch, and there is little to gain."""

    def forward(self, words: nd.NDArray, lengths: nd.NDArray) -> nd.NDArray:
        last = self.packed if words.context.device_type == "cpu" else self.padded
        return unit(nd, last(words, lengths), positive=self._positive)

    def padded(self, words: nd.NDArray, lengths: nd.NDArray) -> nd.NDArray:
        """States (B, D) at the ends of captions by MXNet's own GRU, which is cuDNN's on a GPU."""
        steps = self.gru(nd.transpose(self.dropout(self.words(words)), axes=(1, 0, 2)))
        # Steps behind a caption's end see padding, and are not looked at.
        return nd.SequenceLast(steps, lengths, use_sequence_length=True)

    def packed(self, words: nd.NDArray, lengths: nd.NDArray) -> nd.NDArray:
        """The same by ours, which leaves padding out."""
        captions = gru.pack(words.asnumpy(), lengths.asnumpy())
        numbers, places = captions.words, None
        if not (self._drops and autograd.is_training()):  # else a word is another one wherever it comes
            numbers, places = np.unique(numbers, return_inverse=True)
        vectors = self.dropout(self.words(nd.array(numbers, ctx=words.context)))
        states = gru.states(self.gru, vectors, captions.counts, layers=self._layers, places=places)
        return nd.take(states, nd.array(captions.ends, ctx=words.context))


class Towers(gluon.Block):
    """Features (B, C), words (B, T) and lengths (B,) to the embeddings (B, D) of images and of captions."""

    def __init__(self, images: ImageTower, captions: CaptionTower) -> None:
        super().__init__()
        self.images, self.captions = images, captions

    def forward(self, features: nd.NDArray, words: nd.NDArray, lengths: nd.NDArray) -> tuple[nd.NDArray, nd.NDArray]:
        return self.images(features), self.captions(words, lengths)


class VseNet(gluon.Block):
    """uint8 RGB images (B, H, W, 3), words (B, T) and lengths (B,) to the embeddings of images and of captions.

    encoder : None where features (B, C) come in place of images
    towers : None where it is the encoder alone that weights are to be loaded into
    """

    def __init__(self, encoder: Encoder | None, towers: Towers | None) -> None:
        super().__init__()
        self.encoder, self.towers = encoder, towers

    def forward(self, images: nd.NDArray, words: nd.NDArray, lengths: nd.NDArray) -> tuple[nd.NDArray, nd.NDArray]:
        return self.towers(images if self.encoder is None else self.encoder(images), words, lengths)


def unit(F: ModuleType, rows: Array, *, positive: bool) -> Array:
    """Rows of unit length, of absolute values where ``positive``."""
    rows = F.L2Normalization(rows)
    return F.abs(rows) if positive else rows
