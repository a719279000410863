"""Network: what turns pictures, and where it can sentences, into vectors of a gallery, by a spec that JSON holds."""

import functools
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images import pixels
from embedding.batches import decode
from embedding.engine.base import Engine, Facts, each
from embedding.engine.foreign import ForeignEngine
from embedding.engine.wanted import Asked

KINDS = ("run", "trunk", "onnx")


@dataclass(frozen=True)
class Spec:
    """Which network, and how it sees pictures; all that is needed to open it again.

    kind : run (a folder of runs/), trunk (pretrained weights) or onnx (a file of any encoder)
    path : the run folder, or the ONNX file; absolute
    model, use_pretrained, pool : of a trunk, as the flags of these names; pool of an ONNX file too
    checkpoint : of a run, best or last
    image_size, resize, multiscale, whitening : as the flags of scripts/extract.py; "" is as the network was judged
    """

    kind: str
    path: str = ""
    model: str = ""
    use_pretrained: str = ""
    pool: str = ""
    checkpoint: str = "best"
    image_size: str = ""
    resize: str = ""
    multiscale: str = ""
    whitening: str = ""

    @classmethod
    def read(cls, text: str) -> "Spec":
        """The spec that ``text``, JSON, holds."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Network:
    """An opened network.

    opener : opens its engine in any process, as embedding.extraction.job wants it
    engine : the opened one
    size, resize : as in ``decode.fit``
    """

    spec: Spec
    opener: Callable[[], Engine]
    engine: Engine
    size: tuple[int, int]
    resize: str

    @property
    def facts(self) -> Facts:
        """Of the network: its fingerprint, dim, similarity, codes."""
        return self.engine.facts

    @property
    def knows_sentences(self) -> bool:
        """Whether ``sentence`` can be asked."""
        return False

    def picture(self, data: bytes, name: str, crop: tuple[float, float, float, float] | None = None) -> np.ndarray:
        """The unit vector (D,) float32 of a picture's bytes, upright, or of a part of it.

        crop : x, y, width, height as shares of the upright picture
        Raises Unreadable, with ``name``, where it cannot be read.
        """
        seen = pixels.decode(data, name, at_least=None if crop else self.size)
        if crop:
            high, wide = seen.shape[:2]
            left, top = int(crop[0] * wide), int(crop[1] * high)
            right, bottom = round((crop[0] + crop[2]) * wide), round((crop[1] + crop[3]) * high)
            seen = seen[top : max(bottom, top + 1), left : max(right, left + 1)]
        vector = each(self.engine, [decode.fit(seen, self.size, resize=self.resize)])[0]
        return vector / max(float(np.linalg.norm(vector)), 1e-30)

    def sentence(self, text: str) -> np.ndarray:
        """The unit vector (D,) of a sentence; raises InputError where the network knows none, or no word of it."""
        raise InputError(f'"{text}": {self.spec.path or self.spec.model} knows no sentences; ask with a picture')


def opened(spec: Spec) -> Network:
    """The network of ``spec``, opened once a process; raises InputError where it is not there."""
    return _opened(spec)


@functools.lru_cache(maxsize=4)
def _opened(spec: Spec) -> Network:
    if spec.kind != "onnx":
        raise InputError(f"{spec.kind}: networks of this kind cannot be opened yet")
    opener = functools.partial(ForeignEngine, Path(spec.path), Asked(image_size=spec.image_size, pool=spec.pool))
    engine = opener()
    return Network(spec, opener, engine, engine.facts.size, spec.resize or engine.facts.resize)
