"""Verification: do two images show the same class? The protocol of LFW, from the distances of its pairs.

Huang et al., Labeled Faces in the Wild, University of Massachusetts technical report 07-49, 2007.
"""

import numpy as np

from datasets.errors import InputError


def verification_scores(distances: np.ndarray, same: np.ndarray, folds: np.ndarray) -> dict[str, float]:
    """{name: score} of pairs that are called the same where their distance is below a threshold.

    distances (P,) : float; same (P,) : bool, the truth; folds (P,) : int, the fold of each pair

    accuracy : mean over the folds of the share of pairs called rightly, with the threshold that is best on all the
        other folds
    standard error : of that mean: the standard deviation of the folds' accuracies over the root of their number
    roc auc : chance that a pair of the same class is nearer than one of different classes, half of a tie
    eer : the error rate at the threshold at which both kinds of error are equally frequent, between two thresholds
        by interpolation; lower is better

    Raises InputError where there are fewer than two folds, or the pairs are all of one kind.
    """
    names, distances = np.unique(folds), distances.astype(np.float64)  # where there is room between any two of them
    if len(names) < 2:
        raise InputError(f"pairs in {len(names)} fold(s): a threshold is chosen on the other folds, give two at least")
    if same.all() or not same.any():
        raise InputError("the pairs are all of one kind: give pairs of the same class and of different classes")
    accuracies = [_accuracy_of_fold(distances, same, folds == name) for name in names]
    area, error = _curve_scores(distances, same)
    return {
        "accuracy": float(np.mean(accuracies)),
        "standard error": float(np.std(accuracies, ddof=1) / np.sqrt(len(names))),
        "roc auc": area,
        "eer": error,
    }


def _accuracy_of_fold(distances: np.ndarray, same: np.ndarray, fold: np.ndarray) -> float:
    threshold = best_threshold(distances[~fold], same[~fold])
    return float(np.mean((distances[fold] < threshold) == same[fold]))


def best_threshold(distances: np.ndarray, same: np.ndarray) -> float:
    """The distance below which to call pairs the same, so that most of these (P,) are called rightly.

    Every threshold is tried that calls them differently. Each stands halfway between two of the distances; minus
    infinity calls no pair the same, infinity all. Of several that are equally good the lowest is taken.
    """
    cuts, accepted = _accepted(distances, same)
    right = accepted[:, 0] - accepted[:, 1]  # but for a constant: same pairs accepted, less different ones
    return float(cuts[np.argmax(right)])


def _accepted(distances: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All thresholds (T,), rising, and how many same and how many different pairs (T, 2) lie below each."""
    values, of_value = np.unique(distances, return_inverse=True)
    cuts = np.concatenate([[-np.inf], (values[:-1] + values[1:]) / 2, [np.inf]])
    counts = np.stack([np.bincount(of_value, weights=kind, minlength=len(values)) for kind in (same, ~same)], axis=1)
    return cuts, np.concatenate([np.zeros((1, 2)), np.cumsum(counts, axis=0)])


def _curve_scores(distances: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """Area under the curve of true over false acceptances, and its equal error rate."""
    _, accepted = _accepted(distances, same)
    true, false = (accepted / accepted[-1]).T
    area = np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2)
    return float(area), float(np.interp(0, false - (1 - true), false))
