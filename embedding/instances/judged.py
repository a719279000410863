"""Judged: the queries and the gallery of a part of a set as vectors, with what each query is to find."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.truth import Truth, of_labels
from datasets.sources import image_source
from embedding.batches import decode
from embedding.evaluation import revisited
from embedding.evaluation.ranking import Ranking
from embedding.evaluation.whiten import Whitening
from embedding.reranking import methods
from embedding.reranking.methods import Step

log = logging.getLogger(__name__)

Scores = dict[str, float]

# Where all that is junk for a query, its own picture and others that ask, is no picture to learn from either.
_ASKING = ("holidays", "instances")


@dataclass(frozen=True, eq=False)
class Judged:
    """A part of a set that can be asked.

    part : its name; "" for all of a set
    images : the set, whose queries are those of the part, and its gallery what they may find
    truth : of its queries, positions in its gallery
    """

    part: str
    images: ImageSet
    truth: Truth

    @cached_property
    def exclude(self) -> tuple[np.ndarray, ...]:
        """For each query the positions in the gallery that have no say in what it finds: itself, and what asks too."""
        if self.truth.protocol in _ASKING:
            return self.truth.junk
        asking = [self.images.image_name(int(row)) for row in self.images.query]
        places: dict[str, list[int]] = {name: [] for name in asking}
        for place, row in enumerate(self.images.gallery.tolist()):
            if (name := self.images.image_name(row)) in places:
                places[name].append(place)
        return tuple(np.array(places[name], np.int64) for name in asking)

    def ranking(
        self, vectors: np.ndarray, *, whitening: Whitening | None = None, steps: Sequence[Step] = ()
    ) -> Ranking:
        """The gallery ranked for each query by ``vectors`` (N, D), unit rows, a row an image of the set."""
        queries, gallery = vectors[self.images.query], vectors[self.images.gallery]
        if whitening is not None:
            queries, gallery = whitening(queries), whitening(gallery)
        return methods.apply(steps, queries, gallery, exclude=self.exclude if steps else None)

    def scores(self, ranking: Ranking) -> Scores:
        """{name: score} of a ranking by the protocol of the set."""
        (found,) = revisited.scores(ranking, replace(self.truth, parts=())).values()
        return found


def parts(images: ImageSet, readable: np.ndarray) -> list[Judged]:
    """The parts that a set is judged in, without what cannot be read.

    readable : (N,) bool, of all images of the set
    A part's gallery has no picture that is junk for each of its queries, such as other queries, and a part that has
    nothing to find at all is left out, if others have. Raises InputError where
    no query, or nothing of the gallery, can be read, or a query's box holds nothing of its picture.
    """
    _check_boxes(images, images.query[~readable[images.query]])
    query, gallery = (rows[readable[rows]] for rows in (images.query, images.gallery))
    if not len(query) or not len(gallery):
        raise InputError(f"dataset {images.name}: none of its queries, or of its gallery, can be read")
    seen = images.with_split(train=images.train, query=query, gallery=gallery)
    truth = seen.truth or of_labels(seen.labels, query, gallery)
    seen = replace(seen, truth=truth)
    names = np.array(truth.parts or ("",) * len(query))
    return _answered([_part(seen, str(name), query[names == name]) for name in dict.fromkeys(names.tolist())])


def _answered(parts: list[Judged]) -> list[Judged]:
    """The parts of which a query has anything to find, the others told; all, to be refused, where there is none."""
    found = [part for part in parts if any(map(len, part.truth.wanted))]
    for part in parts if found else ():
        if part not in found:
            line = "%s: part %s is left out, for none of its %d queries has anything to find"
            log.warning(line, part.images.name, part.part, len(part.images.query))
    return found or parts


def _check_boxes(images: ImageSet, lost: np.ndarray) -> None:
    """Raises InputError where one of these queries is lost by its box: then the ground truth is wrong, not a file."""
    for row in lost if images.crops is not None else ():
        try:
            decode.read(images, int(row))
        except decode.Outside as error:
            what = f"query {images.image_name(int(row))}: {error.reason}"
            raise InputError(f"dataset {images.name}: {what}; mend the ground truth") from None
        except Unreadable:
            pass


def _part(images: ImageSet, name: str, query: np.ndarray) -> Judged:
    asked = images.with_split(train=images.train, query=query, gallery=images.gallery)
    nobody = reduce(np.intersect1d, asked.truth.junk)
    kept = images.with_split(train=images.train, query=query, gallery=np.delete(images.gallery, nobody))
    return Judged(name, kept, kept.truth)


def tell_trained_on(run: Path, images: ImageSet) -> None:
    """Say how many queries of ``images`` are pictures that the network of a run folder was trained on, if any are."""
    try:
        told = json.loads((run / "options.json").read_text())
        whole = image_source.load(told["data"], told["data_path"] and Path(told["data_path"]))
    except (OSError, ValueError, KeyError, InputError):  # a run of another kind, or its data are elsewhere by now
        return
    kept = [part.strip() for part in str(told.get("train_parts") or "").split(",") if part.strip()]
    part_of = np.array(whole.parts or [""] * len(whole))
    trained = whole.train[np.isin(part_of[whole.train], kept)] if kept else whole.train
    names = {whole.image_name(row) for row in trained.tolist()}
    seen = sum(images.image_name(row) in names for row in images.query.tolist())
    if seen:
        line = "%s: %d of %d queries are pictures that %s was trained on: their scores are not of new ones"
        log.warning(line, images.name, seen, len(images.query), run)
