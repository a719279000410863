"""The hashing network: pixels -> trunk -> pooling -> hash head; the signs of its activations are the bits of a code."""

from types import ModuleType

from embedding.mx import Array, gluon, mx
from embedding.network.net import Encoder, Net


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
        self.layers = gluon.nn.HybridSequential()
        if hidden:
            self.layers.add(gluon.nn.Dense(hidden, activation="relu", weight_initializer=mx.init.Xavier(magnitude=2)))
        self.layers.add(gluon.nn.Dense(bits, weight_initializer=mx.init.Xavier(magnitude=2)))
        self.scale = self.params.get("scale", shape=(1,), init="ones", grad_req="null")

    def sharpen(self, scale: float) -> None:
        """Set the scale of the tanh: the greater, the closer the activations come to -1 and 1."""
        self.scale.set_data(mx.nd.array([scale]))

    def hybrid_forward(self, F: ModuleType, features: Array, scale: Array) -> Array:
        z = self.layers(features)
        z = z * F.broadcast_like(F.reshape(scale, shape=(1, 1)), z)  # broadcast_mul's gradient takes four times as long
        return F.Activation(z, act_type="tanh") if self._tanh else z


class HashingNet(Net):
    """uint8 RGB images (B, H, W, 3) to activations (B, K).

    model : a name of ``backbone.names()``; pool : a name of ``pooling.names()``; the others are those of ``HashHead``
    """

    def __init__(self, *, model: str, bits: int, pool: str = "avg", hidden: int = 0, tanh: bool = True) -> None:
        super().__init__(Encoder(model=model, pool=pool), HashHead(bits, hidden=hidden, tanh=tanh))
