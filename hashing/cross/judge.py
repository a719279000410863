"""The judge of two-sided nets: the codes of a set's pictures and texts, each asking the other, and their scores."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from datasets.errors import InputError
from datasets.images.skipped import Skipped
from datasets.pairs.base import PairSet
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.extract import outputs, through, unread
from embedding.mx import gluon, mx, nd
from embedding.network.net import Net
from hashing import codes
from hashing.cross import cca
from hashing.cross.net import CrossNet
from hashing.cross.options import CrossOptions
from hashing.evaluation.scores import evaluate

log = logging.getLogger(__name__)

Scores = dict[str, float]
WAYS = {"i2t": "pictures ask, texts answer", "t2i": "texts ask, pictures answer"}
BASELINE = "cca-itq"

_ROWS = 4096  # go through a side at once
_NOTHING = "queries with nothing to find"


@dataclass(frozen=True)
class Sides:
    """Activations (N, K) of the pictures and of the texts of ``rows``, NaN where a picture cannot be read."""

    pictures: np.ndarray
    texts: np.ndarray
    rows: np.ndarray


class CrossJudge:
    """Scores two-sided nets by the codes of the queries and the gallery of a set of pairs.

    words : (N, W) the rows of all texts
    features : (N, C) of all pictures, None where the trunk learns
    options : what is scored
    skipped : where pictures that cannot be read are noted; they and their texts take no part
    """

    def __init__(
        self,
        pairs: PairSet,
        words: np.ndarray,
        features: np.ndarray | None,
        options: CrossOptions,
        contexts: list[mx.Context],
        skipped: Skipped,
    ) -> None:
        self._pairs, self._words, self._features, self._options = pairs, words, features, options
        self._contexts, self._skipped, self._told = contexts, skipped, False

    @property
    def title(self) -> str:
        """What the scores are scores of."""
        return self._pairs.title

    def scores(self, net: CrossNet) -> Scores:
        """{way and name: score} of the codes of ``net``."""
        return self.scores_of(self._sets(partial(self.sides, net)))

    def mean(self, net: CrossNet) -> float:
        """The first mAP, in the mean over both ways: what chooses the best checkpoint."""
        first = "map@all" if self._options.tops[0] is None else f"map@{self._options.tops[0]}"
        scores = self.scores(net)
        return float(np.mean([scores[f"{way} {first}"] for way in WAYS]))

    def scores_of(self, found: dict[str, VectorSet]) -> Scores:
        """{way and name: score} of the codes of both ways."""
        options, scores = self._options, {}
        for way, vectors in found.items():
            its = evaluate(vectors, tops=options.tops, radius=options.radius, ns=options.ks)
            nothing = its.pop(_NOTHING, None)
            scores |= {f"{way} {name}": score for name, score in its.items()}
            scores |= {} if nothing is None else {_NOTHING: nothing}  # the same both ways
        return scores

    def vectors(self, net: CrossNet) -> dict[str, VectorSet]:
        """The codes of both ways with their true neighbors, ready to be saved."""
        return {way: with_neighbors(found) for way, found in self._sets(partial(self.sides, net)).items()}

    def baseline(self, features: np.ndarray) -> tuple[Scores, float]:
        """The scores, and the seconds to fit, of CCA and ITQ on ``features`` (N, C) of all pictures and the words.

        Raises InputError where so few pairs or features cannot make as many bits.
        """
        train = self._pairs.pictures.train
        train = train[~unread(features[train])]
        start = time.perf_counter()
        options = self._options
        of_pictures, of_texts = cca.cca_itq(features[train], self._words[train], options.bits, options.seed)
        seconds = time.perf_counter() - start

        def sides(rows: np.ndarray) -> Sides:
            return Sides(through(of_pictures, features[rows]), of_texts(self._words[rows]), rows)

        return self.scores_of(self._sets(sides)), seconds

    def sides(self, net: CrossNet, rows: np.ndarray) -> Sides:
        """What ``net`` makes of the pictures and the texts of ``rows``."""
        if self._features is None:
            pictures = self.extract(Net(net.encoder, net.pictures), rows)
        else:
            pictures = through(partial(self._through, net.pictures), self._features[rows])
        return Sides(pictures, self._through(net.texts, self._words[rows]), rows)

    def extract(self, net: gluon.Block, rows: np.ndarray) -> np.ndarray:
        """What ``net`` makes of the pictures ``rows``, NaN where one cannot be read."""
        options = self._options
        how = {"size": options.size("test"), "resize": options.resize, "workers": options.workers}
        return outputs(net, self._pairs.pictures, rows, skipped=self._skipped, contexts=self._contexts, **how)

    def _through(self, side: gluon.Block, rows: np.ndarray) -> np.ndarray:
        device = self._contexts[0]
        parts = [side(nd.array(rows[i : i + _ROWS], ctx=device)).asnumpy() for i in range(0, len(rows), _ROWS)]
        return np.concatenate(parts)

    def _sets(self, sides: Callable[[np.ndarray], Sides]) -> dict[str, VectorSet]:
        """The codes of queries and gallery, by way."""
        pictures = self._pairs.pictures
        asking, answering = self._there(sides(pictures.query), "query"), self._there(sides(pictures.gallery), "gallery")
        trained = np.isin(answering.rows, pictures.train).astype(np.int64)
        found = {}
        for way, (asks, answers) in {"i2t": ("pictures", "texts"), "t2i": ("texts", "pictures")}.items():
            both = self._embeddings(asking, asks), self._embeddings(answering, answers)
            queries, gallery = (codes.pack(one.vectors) for one in both)
            floats = from_embeddings(*both, name=self.title, class_names=pictures.class_names, attrs={"way": WAYS[way]})
            coded = replace(floats, metric="hamming", queries=queries, gallery=gallery)
            found[way] = replace(coded, gallery_trained=trained if trained.any() else None)
        return found

    def _there(self, sides: Sides, part: str) -> Sides:
        """``sides`` without the pairs whose picture cannot be read; it is told once how many there are."""
        lost = [self._pairs.pictures.image_name(int(row)) in self._skipped for row in sides.rows]
        gone = np.array(lost, bool) & unread(sides.pictures)
        if not gone.any():
            return sides
        if gone.all():
            raise InputError(f"dataset {self.title}: none of {len(gone):,} {part} pictures can be read; mend them")
        if not self._told:
            self._told = True
            what = f"{(~gone).sum():,} of {len(gone):,} {part} pairs"
            log.warning("%s: scores are of %s: the pictures of the others cannot be read", self.title, what)
        return Sides(*(part[~gone] for part in (sides.pictures, sides.texts, sides.rows)))

    def _embeddings(self, sides: Sides, kind: str) -> Embeddings:
        pairs = self._pairs
        name = pairs.pictures.image_name if kind == "pictures" else pairs.text_name
        labels = pairs.pictures.labels[sides.rows]
        return Embeddings(getattr(sides, kind), labels, tuple(name(int(row)) for row in sides.rows))
