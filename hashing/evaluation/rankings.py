"""Rankings of the gallery by Hamming distance, cut at some length, under one of three rules for tied items."""

from dataclasses import dataclass

import numpy as np

from hashing.evaluation import expected, kernels
from hashing.evaluation.histograms import Histograms
from hashing.evaluation.kernels import LabelledCodes

TIES = ("expected", "stable", "unstable")


@dataclass(frozen=True, eq=False)
class Ranked:
    """What stands before C cuts in the rankings of Q queries; every array is (Q, C).

    cuts : int64, the first so many items
    found : how many of them are relevant; where ties are expected values, so is this
    precision : average precision, divided by the relevant ones found before the cut; 0 where none is
    chance : the probability that one is found: 0 or 1 unless ties are expected values
    """

    cuts: np.ndarray
    found: np.ndarray
    precision: np.ndarray
    chance: np.ndarray


def rank(coded: LabelledCodes, histograms: Histograms, cuts: np.ndarray, ties: str) -> Ranked:
    """What the queries of ``coded``, whose histograms these are, find before ``cuts`` (Q, C), none beyond the gallery.

    ties : "expected" is the expected value over all orders of items at the same distance, "stable" takes them as they
        stand in the gallery, "unstable" as NumPy's default argsort of float32 distances leaves them
    """
    if ties == "expected":
        return _expected(histograms, cuts)
    precision, found = np.zeros(cuts.shape), np.zeros(cuts.shape)
    if ties == "stable":
        kernels.rank_stable(coded, histograms.items, cuts, precision, found)
    else:
        _rank_unstable(coded, cuts, precision, found)
    return Ranked(cuts, found, precision, chance=(found > 0).astype(np.float64))


def _expected(histograms: Histograms, cuts: np.ndarray) -> Ranked:
    precision, found, chance = (np.zeros(cuts.shape) for _ in range(3))
    expected.rank_expected(histograms.items, histograms.relevant, cuts, precision, found, chance)
    return Ranked(cuts, found, precision, chance)


def _rank_unstable(coded: LabelledCodes, cuts: np.ndarray, precision: np.ndarray, found: np.ndarray) -> None:
    """Fill both from one argsort a query.

    The order of tied items depends on nothing but comparisons, so that it is the same whether distances are sorted or
    minus the inner products of signs.
    """
    cells = np.empty(coded.gallery_codes.shape[1], np.uint16)
    for i, own in enumerate(coded.own):
        kernels.compare(coded, i, 0, cells)
        there = cells if own < 0 else np.delete(cells, own)
        order = np.argsort((there >> 1).astype(np.float32))[: cuts[i].max()]
        kernels.walk((there[order] & 1).astype(np.uint8), cuts[i], precision[i], found[i])
