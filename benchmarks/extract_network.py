"""A network of extract.py: a trunk with random weights, and its pooling, as an ONNX file and as MXNet has it.

python benchmarks/extract_network.py MODEL NETWORK.onnx [POOL]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from embedding.engine.base import Engine, Facts
from embedding.engine.gluon import GluonEngine
from embedding.mx import mx, nd
from embedding.network.instance_head import features_power
from embedding.network.net import Encoder
from embedding.serving.networks import Served

SIZE = (224, 224)


def served(model: str, pool: str = "avg") -> Served:
    """The trunk ``model`` under a pooling, the same each time."""
    mx.random.seed(0)
    encoder = Encoder(model=model, pool=pool)
    encoder.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2))
    dim = encoder(nd.zeros((1, *SIZE, 3), dtype="uint8")).shape[1]
    encoder.hybridize(static_alloc=True, static_shape=True)
    facts = Facts(network="random", model=model, size=SIZE, resize="crop", dim=dim, power=features_power(encoder))
    return Served(encoder, facts)


def engine(model: str) -> Engine:
    """MXNet with that trunk."""
    found = served(model)
    return GluonEngine(found.net, found.facts, [mx.cpu()])


if __name__ == "__main__":
    served(sys.argv[1], *sys.argv[3:]).write(Path(sys.argv[2]))
