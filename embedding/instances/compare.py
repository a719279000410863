"""Settings of a search for instances compared: judged by every part of a set, and chosen for each by the others."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.sources import seen
from embedding.evaluation import revisited
from embedding.evaluation.ranking import Ranking
from embedding.evaluation.table import aligned
from embedding.evaluation.whiten import Whitening
from embedding.instances import judged, learned
from embedding.instances.judged import Judged
from embedding.instances.learned import Wanted
from embedding.reranking import methods

log = logging.getLogger(__name__)

NONE = "none"
MAP = "mAP"


@dataclass(frozen=True)
class Setting:
    """How a set is searched; each in the words of the command line, ``NONE`` for without."""

    trunk: str
    scales: str
    whitening: str = NONE
    expansion: str = NONE
    geometry: str = NONE

    @property
    def plainness(self) -> int:
        """How much of it is left out."""
        return (self.whitening, self.expansion, self.geometry).count(NONE)

    def __str__(self) -> str:
        return ", ".join(getattr(self, field.name) for field in fields(self))


def settings(
    described: Sequence[tuple[str, str]],
    whitenings: Sequence[str],
    expansions: Sequence[str],
    geometries: Sequence[str],
) -> list[Setting]:
    """All settings of these: of each trunk and its scales, ``described``, with each of the others."""
    return [Setting(*of, *more) for of, *more in product(described, whitenings, expansions, geometries)]


class Comparison:
    """A set searched by settings.

    images : the set
    vectors : (N, D) unit rows of it by trunk and scales, NaN for what cannot be read
    verify : puts the first of a ranking of a part in the order that a ``geometry`` gives
    Whitenings are learned on other parts than the one that is judged.
    """

    def __init__(
        self,
        images: ImageSet,
        vectors: Mapping[tuple[str, str], np.ndarray],
        verify: Callable[[Judged, Ranking, str], Ranking],
    ) -> None:
        self._vectors, self._verify = vectors, verify
        self._readable = ~np.isnan(np.stack([found[:, 0] for found in vectors.values()])).any(axis=0)
        self._images = images
        self._parts = {part.part: part for part in judged.parts(images, self._readable)}
        self._pairs: dict[tuple[str, ...], np.ndarray] = {}
        self._whitenings: dict[tuple[str, ...], Whitening] = {}
        self._scores: dict[tuple[Setting, str, tuple[str, ...]], float] = {}

    @property
    def parts(self) -> list[str]:
        """The names of the parts that are judged."""
        return list(self._parts)

    def score(self, setting: Setting, part: str, *, without: Sequence[str] = ()) -> float:
        """The mAP of a part, of which nothing is learned on that part or on those ``without``.

        Of a set with several tasks it is their mean. Where no part is left to learn on, it is learned on the part that
        is judged, never on those ``without``.
        """
        key = (setting, part, self._learns(part, without) if setting.whitening != NONE else ())
        if key not in self._scores:
            self._scores[key] = self._score(*key)
        return self._scores[key]

    def _score(self, setting: Setting, part: str, learns: tuple[str, ...]) -> float:
        its = self._parts[part]
        steps = methods.parse("" if setting.expansion == NONE else setting.expansion, "--expand")
        whitening = self._whitening(setting, learns) if learns else None
        ranking = its.ranking(self._vectors[setting.trunk, setting.scales], whitening=whitening, steps=steps)
        if setting.geometry != NONE:
            ranking = self._verify(its, ranking, setting.geometry)
        return revisited.mean_ap(its.scores(ranking))

    def _learns(self, part: str, without: Sequence[str]) -> tuple[str, ...]:
        others = [name for name in self._parts if name not in (part, *without)]
        if not others and not without:
            raise InputError(
                f"dataset {self._images.name} has one part alone: a whitening is learned on another; leave it out"
            )
        return tuple(others or [part])

    def _whitening(self, setting: Setting, learns: tuple[str, ...]) -> Whitening:
        key = (setting.trunk, setting.scales, setting.whitening, *learns)
        if key not in self._whitenings:
            vectors = self._vectors[setting.trunk, setting.scales]
            self._whitenings[key] = Wanted.parse(setting.whitening, "--whitening").learn(vectors, self._taught(learns))
        return self._whitenings[key]

    def _taught(self, learns: tuple[str, ...]) -> np.ndarray:
        """(M, 2) rows, the pairs of these parts, but those with a picture by which one of the others is judged."""
        if learns not in self._pairs:
            others = [name for name in self._parts if name not in learns]
            pairs = learned.of_parts(self._images, without=others)
            pairs = pairs[self._readable[pairs].all(axis=1)]
            self._pairs[learns] = self._apart(pairs, others)
        return self._pairs[learns]

    def _apart(self, pairs: np.ndarray, others: Sequence[str]) -> np.ndarray:
        judged_by = [seen.judged(self._parts[name].images) for name in others]
        known = seen.pictures(self._images, np.unique(np.concatenate([np.empty(0, np.int64), *judged_by])))
        found = pairs[~np.isin(pairs, seen.shared(known, self._images, np.unique(pairs))).any(axis=1)]
        if lost := len(pairs) - len(found):
            what = f"{lost:,} of {len(pairs):,} pairs have a picture by which {' or '.join(others)} is judged"
            if not len(found):
                raise InputError(f"dataset {self._images.name}: {what}: no whitening can be learned; leave it out")
            log.warning("%s: %s: no whitening for these is learned from them", self._images.name, what)
        return found

    def chosen(self, wanted: Sequence[Setting], part: str) -> Setting:
        """The setting that is best on the mean over the other parts, of which nothing was learned on ``part``.

        Of equal ones the plainest. Raises InputError where there is no other part.
        """
        others = [name for name in self._parts if name != part]
        if not others:
            raise InputError(f"dataset {self._images.name} has one part alone: nothing can be chosen on another")
        means = {one: float(np.mean([self.score(one, other, without=(part,)) for other in others])) for one in wanted}
        return max(wanted, key=lambda one: (round(means[one], 6), one.plainness))


def table(comparison: Comparison, wanted: Sequence[Setting]) -> str:
    """Lines of text: a row a setting with the mAP of each part and their mean, and which of them the others choose."""
    header = [field.name for field in fields(Setting)]
    names = [part or MAP for part in comparison.parts]
    rows = [["", *header[1:], *names, "mean"]]
    for one in wanted:
        scores = [comparison.score(one, part) for part in comparison.parts]
        rows.append([*_cells(one), *(f"{score:.4f}" for score in (*scores, float(np.mean(scores))))])
    lines = [aligned(rows, least=6)]
    if len(comparison.parts) > 1:
        title = "for each part the setting that is best on the others"
        if len(comparison.parts) == 2 and any(one.whitening != NONE for one in wanted):
            title += ", of two where a whitening is scored on the part that it is learned on"
        lines += ["", f"{title}:", _choices(comparison, wanted)]
    return "\n".join(lines)


def _choices(comparison: Comparison, wanted: Sequence[Setting]) -> str:
    rows = [["", "trunk", *(field.name for field in fields(Setting)[1:]), MAP]]
    for part in comparison.parts:
        one = comparison.chosen(wanted, part)
        rows.append([part, *_cells(one), f"{comparison.score(one, part):.4f}"])
    return aligned(rows, least=6)


def _cells(setting: Setting) -> list[str]:
    trunk, given, file = setting.trunk.partition(":")
    shown = trunk + given + "/".join(Path(file).parts[-2:])  # of a long path what tells two files apart
    return [shown, *(getattr(setting, field.name) for field in fields(Setting)[1:])]
