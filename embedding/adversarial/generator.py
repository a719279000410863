"""The generator of negatives: anchor, positive and negative in, a synthetic negative out."""

from types import ModuleType

from embedding.mx import Array, gluon, mx

_EPS = 1e-12  # inside the root of a length, so that 0 has a gradient


class Generator(gluon.HybridBlock):
    """Triplets of a batch to synthetic negatives: the negative, moved by a perceptron over the three end to end.

    The perceptron has a hidden layer of D units with ReLU, and starts at 0: synthetic negatives start as the true ones,
    and follow the embedding while the generator learns. (The paper's gives the synthetic negative itself. One that
    starts from nothing was outrun: the embedding learned to move what it makes, and true negatives fell together.)

    dim : size of the embeddings, D
    unit_rows : whether the synthetic negatives have unit length
    """

    def __init__(self, *, dim: int, unit_rows: bool) -> None:
        super().__init__()
        self._dim, self._unit_rows = dim, unit_rows
        xavier = mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2)
        self.inner = self.params.get("inner", shape=(dim, 3 * dim), init=xavier)
        self.inner_bias = self.params.get("inner_bias", shape=(dim,), init="zeros")
        self.outer = self.params.get("outer", shape=(dim, dim), init="zeros")
        self.outer_bias = self.params.get("outer_bias", shape=(dim,), init="zeros")

    def hybrid_forward(
        self,
        F: ModuleType,
        embeddings: Array,
        anchor: Array,
        positive: Array,
        negative: Array,
        inner: Array,
        inner_bias: Array,
        outer: Array,
        outer_bias: Array,
    ) -> tuple[Array, Array]:
        """Synthetic negatives (T, D), twice: once for each player, the same numbers with other gradients.

        The first has the gradient of the embeddings and none of the generator's weights, the second the other way
        round.

        embeddings : (B, D); anchor, positive, negative : (T,), rows of it
        """
        rows, weights = (anchor, positive, negative), (inner, inner_bias, outer, outer_bias)
        still = [F.BlockGrad(weight) for weight in weights]
        return self._made(F, embeddings, rows, *still), self._made(F, F.BlockGrad(embeddings), rows, *weights)

    def _made(
        self,
        F: ModuleType,
        embeddings: Array,
        rows: tuple[Array, Array, Array],
        inner: Array,
        inner_bias: Array,
        outer: Array,
        outer_bias: Array,
    ) -> Array:
        # A layer over three vectors end to end is a sum of three layers: each row goes through each of them once, and
        # not once for every triplet that it is in.
        anchors, positives, negatives = F.split(inner, num_outputs=3, axis=1)
        seen = (
            F.FullyConnected(embeddings, anchors, inner_bias, num_hidden=self._dim),
            *(
                F.FullyConnected(embeddings, part, num_hidden=self._dim, no_bias=True)
                for part in (positives, negatives)
            ),
        )  # (B, D) each
        hidden = F.relu(sum(F.take(part, of_part) for part, of_part in zip(seen, rows, strict=True)))
        found = F.take(embeddings, rows[2]) + F.FullyConnected(hidden, outer, outer_bias, num_hidden=self._dim)
        return self._of_unit_length(F, found, F.ones_like(outer_bias)) if self._unit_rows else found

    def _of_unit_length(self, F: ModuleType, rows: Array, ones: Array) -> Array:
        # By products with ones: on the CPU, L2Normalization and what broadcasts have slow gradients.
        length = F.sqrt(F.dot(F.square(rows), ones) + _EPS)
        return rows * F.dot(F.expand_dims(1 / length, 1), F.expand_dims(ones, 0))
