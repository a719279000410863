"""The network of sketches and photographs: one for either kind, which may have parts in common."""

from collections.abc import Callable
from types import ModuleType

from embedding.mx import Array, gluon
from embedding.network.net import Encoder, Net

SHARES = ("none", "top", "trunk", "all")


class TwoSided(gluon.HybridBlock):
    """Sketches and photographs to what the two sides make of them.

    sketches, photographs : a network each, or a part of each; they may be the same

    It takes as many sketches as photographs. An encoder that both share sees them in one pass: in two, batch norm would
    move its running statistics twice, in an order that chance decides.
    """

    def __init__(self, sketches: gluon.HybridBlock, photographs: gluon.HybridBlock) -> None:
        super().__init__()
        self.sketches, self.photographs = sketches, photographs
        encoders = [getattr(side, "encoder", None) for side in (sketches, photographs)]
        self._one_pass = encoders[0] is not None and encoders[0] is encoders[1]

    def hybrid_forward(self, F: ModuleType, asking: Array, answering: Array) -> tuple[Array, Array]:
        if not self._one_pass:
            return self.sketches(asking), self.photographs(answering)
        asks, answers = F.split(self.sketches.encoder(F.concat(asking, answering, dim=0)), 2, axis=0)
        return self.sketches.head(asks), self.photographs.head(answers)

    @property
    def heads(self) -> "TwoSided":
        """The heads of both, for features of their trunks."""
        return TwoSided(self.sketches.head, self.photographs.head)


def two_sided(share: str, make_encoder: Callable[[], Encoder], make_head: Callable[[], gluon.HybridBlock]) -> TwoSided:
    """The network of two sides, without weights.

    share : what they have in common: nothing ("none"), the head ("top"), the trunk with its pooling ("trunk"), or all
    """
    photographs = Net(make_encoder(), make_head())
    if share == "all":
        return TwoSided(photographs, photographs)
    encoder = photographs.encoder if share == "trunk" else make_encoder()
    return TwoSided(Net(encoder, photographs.head if share == "top" else make_head()), photographs)
