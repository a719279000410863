"""Network: what turns pictures, and where it can sentences, into vectors of a gallery, by a spec that JSON holds."""

import functools
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from datasets.cluster import place
from datasets.errors import InputError
from datasets.vectors import rows as vector_rows
from embedding.batches import asking
from embedding.batches.asking import Part
from embedding.batches.decode import OWN, parse_size
from embedding.engine.base import Engine, Facts, each, smallest
from embedding.engine.wanted import Asked
from embedding.extraction.described import Describer
from embedding.extraction.job import opened as opened_engine
from embedding.serving import openers, scaled
from hashing.sketches.serving import opened as opened_sides
from vse.search import sentences
from vse.search.searcher import Searcher
from vse.serving import opened as opened_towers
from web.serving import signs
from web.serving.families import FAMILIES

KINDS = ("run", "trunk", "onnx")

_opening = threading.Lock()


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
    @functools.lru_cache(maxsize=256)  # each query asks for that of its gallery
    def read(cls, text: str) -> "Spec":
        """The spec that ``text``, JSON, holds."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Network:
    """An opened network. Threads may share it.

    describer : opens its engine in any process, and says how it sees pictures
    """

    spec: Spec
    describer: Describer

    @property
    def opener(self) -> Callable[[], Engine]:
        """Opens its engine in any process, as embedding.extraction.job wants it."""
        return self.describer.opener

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as in ``decode.fit``."""
        return self.describer.size

    @property
    def resize(self) -> str:
        """How pictures come to that size, as in ``decode.fit``."""
        return self.describer.resize

    @property
    def facts(self) -> Facts:
        """Of the network: dim, similarity, codes; as ``network`` the fingerprint of all that decides its vectors."""
        return self._facts

    @cached_property
    def _facts(self) -> Facts:
        return replace(self.engine.facts, network=self.describer.network)

    @cached_property
    def engine(self) -> Engine:
        """The opened one of this process."""
        return self.describer.engine

    @cached_property
    def _turn(self) -> threading.Semaphore:
        """Lets in as many as there are cores, where ONNX Runtime computes: more would take them from each other."""
        return threading.Semaphore(place.cores() if self.engine.name == "onnx" else 1)

    @cached_property
    def searcher(self) -> Searcher | None:
        """What knows sentences; None where the network is not of images and captions."""
        if self.spec.kind != "run" or not opened_towers.knows_sentences(Path(self.spec.path)):
            return None
        return opened_towers.searcher(Path(self.spec.path), self.spec.checkpoint)

    @property
    def knows_sentences(self) -> bool:
        """Whether ``sentence`` can be asked."""
        return self.searcher is not None

    def picture(self, data: bytes, name: str, crop: Part | None = None) -> np.ndarray:
        """The unit vector (D,) float32 of a picture's bytes, upright, or of a part of it.

        crop : x, y, width, height as shares of the upright picture
        Raises Unreadable, with ``name``, where it cannot be read.
        """
        return self._of(self.engine, data, name, crop)

    def _of(self, engine: Engine, data: bytes, name: str, crop: Part | None) -> np.ndarray:
        """What ``engine`` makes of a picture, as of ``picture``."""
        with self._turn:
            seen = asking.fitted(data, name, self.size, resize=self.resize, part=crop, least=self._least)
            return self.unit(each(engine, [seen]))[0]

    @cached_property
    def _least(self) -> int:
        """The least side of a picture at its own proportions that the network takes."""
        return smallest(self.engine) if self.resize == OWN else 0

    def sentence(self, text: str) -> np.ndarray:
        """The unit vector (D,) of a sentence; raises InputError where the network knows none, or no word of it."""
        if self.searcher is None:
            called = self.spec.path or self.spec.model or self.spec.use_pretrained
            raise InputError(f'"{text}": {called} knows no sentences; ask with a picture')
        return sentences.asked([text], self.searcher.embedder)[0]

    @cached_property
    def knows_sketches(self) -> bool:
        """Whether ``sketch`` can be asked."""
        return self.spec.kind == "run" and opened_sides.knows_sketches(Path(self.spec.path), self.spec.checkpoint)

    @cached_property
    def _sketches(self) -> Engine:
        """What takes sketches, opened when the first one asks."""
        return opened_engine(opened_sides.sides(Path(self.spec.path), self.spec.checkpoint)[0])

    def sketch(self, data: bytes, name: str, crop: Part | None = None) -> np.ndarray:
        """The unit vector (D,) of a sketch, dark on light, to be compared with those of pictures; as of ``picture``.

        Raises InputError where the network knows no sketches.
        """
        if not self.knows_sketches:
            path = self.spec.path or self.spec.model
            raise InputError(f"a sketch: {path} knows no sketches; ask with a photograph")
        return self._of(self._sketches, data, name, crop)

    def unknown(self, text: str) -> list[str]:
        """The words of a sentence that the network does not know, and passes over."""
        return self.searcher.embedder.vocabulary.unknown(text) if self.searcher else []

    def unit(self, made: np.ndarray) -> np.ndarray:
        """What the engine made of pictures, (N, D), as rows of unit length; of codes each number is 1 or -1 before."""
        if self.engine.facts.codes:
            return signs.rows(made > 0)
        return vector_rows.prepared(made, "angular")


def opened(spec: Spec) -> Network:
    """The network of ``spec``, opened once a process; raises InputError where it is not there."""
    with _opening:  # the second to come waits, and does not open it again
        return _opened(spec)


@functools.lru_cache(maxsize=8)
def _opened(spec: Spec) -> Network:
    opener = scaled.over(_opener(spec), spec.multiscale, Path(spec.whitening) if spec.whitening else None)
    facts = opened_engine(opener).facts
    size = parse_size(spec.image_size, "image size") if spec.image_size else facts.size
    return Network(spec, Describer(opener, size, spec.resize or facts.resize))


def _opener(spec: Spec) -> openers.Opener:
    if spec.kind == "run":
        return openers.of_run(FAMILIES, Path(spec.path), spec.checkpoint)
    if spec.kind == "onnx":
        return openers.of_file(Path(spec.path), Asked(image_size=spec.image_size, pool=spec.pool), threads=1)
    if spec.kind == "trunk":
        trunk = {"model": spec.model, "use_pretrained": spec.use_pretrained, "pool": spec.pool or "avg"}
        return openers.of_trunk(openers.trunk(**trunk, image_size=spec.image_size))
    raise InputError(f"{spec.kind}: no kind of network; it must be one of {', '.join(KINDS)}")
