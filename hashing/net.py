"""The hashing network: pixels -> trunk -> pooling -> hash head; the signs of its activations are the bits of a code."""

from types import ModuleType

from embedding.mx import Array, gluon, mx
from embedding.network.net import Encoder, Net
from hashing.codes import BLOCK

_PART = 50  # features of a bit, as many as in the paper
_BAND = 0.45  # of a sigmoid around 1/2, beyond which it is rounded


class HashHead(gluon.HybridBlock):
    """Pooled features (B, C) to activations (B, K).

    bits : K
    hidden : units of a layer with ReLU before the hash layer; 0 for none
    tanh : whether the activations are tanh(scale * z) of what the hash layer gives, z, or scale * z. The scale is 1
        until ``sharpen`` changes it; no optimizer does, and it is saved with the weights
    """

    def __init__(self, bits: int, *, hidden: int = 0, tanh: bool = True) -> None:
        super().__init__()
        self._tanh = tanh
        self.layers = _hidden(hidden)
        self.layers.add(gluon.nn.Dense(bits, weight_initializer=mx.init.Xavier(magnitude=2)))
        self.scale = self.params.get("scale", shape=(1,), init="ones", grad_req="null")

    def sharpen(self, scale: float) -> None:
        """Set the scale of the tanh: the greater, the closer the activations come to -1 and 1."""
        self.scale.set_data(mx.nd.array([scale]))

    def hybrid_forward(self, F: ModuleType, features: Array, scale: Array) -> Array:
        z = self.layers(features)
        z = z * F.broadcast_like(F.reshape(scale, shape=(1, 1)), z)  # broadcast_mul's gradient takes four times as long
        return F.Activation(z, act_type="tanh") if self._tanh else z


class DividedHead(gluon.HybridBlock):
    """Pooled features (B, C) to activations (B, K) between -1 and 1: divide and encode (DNNH, Lai et al., CVPR 2015).

    A layer with ReLU gives 50 features to each bit, from which it is made by weights of its own, and a sigmoid s of
    them. Where s is farther from 1/2 than the band is wide, it becomes 0 or 1, without a gradient; the activation is
    2 s - 1.

    bits : K; hidden : as for HashHead
    """

    def __init__(self, bits: int, *, hidden: int = 0) -> None:
        super().__init__()
        self.layers = _hidden(hidden)
        self.layers.add(gluon.nn.Dense(_PART * bits, activation="relu", weight_initializer=mx.init.Xavier(magnitude=2)))
        self.weight = self.params.get("weight", shape=(bits, _PART), init=mx.init.Xavier(magnitude=2))
        self.bias = self.params.get("bias", shape=(1, bits), init="zeros")
        self._shape = (-1, bits, _PART)

    def hybrid_forward(self, F: ModuleType, features: Array, weight: Array, bias: Array) -> Array:
        parts = F.reshape(self.layers(features), shape=self._shape)
        weighted = F.broadcast_mul(parts, F.reshape(weight, shape=(1, *self._shape[1:])))
        z = F.broadcast_add(F.sum(weighted, axis=2), bias)
        h = F.Activation(z / 2, act_type="tanh")  # 2 sigmoid(z) - 1
        sure = F.abs(h) > 2 * _BAND
        return (1 - sure) * h + sure * (2 * (h > 0) - 1)


class BlockHead(gluon.HybridBlock):
    """Pooled features (B, C) to activations (B, 256 M): M blocks, in each of which one is above 0 (SuBiC).

    They are what a linear layer gives, less the second largest of its block, which no softmax over the block notices,
    nor an order of codes by the sum of a query's activations at their ones. No bit of a block is 1 where its two
    largest are equal.

    bits : 8 M; hidden : as for HashHead
    """

    def __init__(self, bits: int, *, hidden: int = 0) -> None:
        super().__init__()
        self.layers = _hidden(hidden)
        self._blocks = bits // 8
        units = self._blocks * BLOCK
        self.layers.add(gluon.nn.Dense(units, weight_initializer=mx.init.Xavier(magnitude=2)))

    def hybrid_forward(self, F: ModuleType, features: Array) -> Array:
        blocks = F.reshape(self.layers(features), shape=(-1, self._blocks, BLOCK))
        largest = F.topk(F.BlockGrad(blocks), axis=2, k=2, ret_typ="value")
        second = F.slice_axis(largest, axis=2, begin=1, end=2)
        return F.reshape(F.broadcast_sub(blocks, second), shape=(-1, self._blocks * BLOCK))


HEADS = {"dense": HashHead, "divided": DividedHead, "blocks": BlockHead}


class HashingNet(Net):
    """uint8 RGB images (B, H, W, 3) to activations (B, K), of blocks (B, 32 K).

    model : a name of ``backbone.names()``; pool : a name of ``pooling.names()``; head : a name in ``HEADS``
    tanh : as for HashHead, for the head "dense" alone; the others are those of every head
    """

    def __init__(
        self, *, model: str, bits: int, pool: str = "avg", hidden: int = 0, tanh: bool = True, head: str = "dense"
    ) -> None:
        own = {"tanh": tanh} if head == "dense" else {}
        super().__init__(Encoder(model=model, pool=pool), HEADS[head](bits, hidden=hidden, **own))
        self.width = bits // 8 * BLOCK if head == "blocks" else bits


def _hidden(units: int) -> gluon.nn.HybridSequential:
    """Layers to which more are added: one with ReLU, or none where ``units`` is 0."""
    layers = gluon.nn.HybridSequential()
    if units:
        layers.add(gluon.nn.Dense(units, activation="relu", weight_initializer=mx.init.Xavier(magnitude=2)))
    return layers
