"""The lookup of one-hot blocks against slow numpy: sums, rankings under rules of ties, scores, and a file of it."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from hashing import codes
from hashing.evaluation import lookup
from hashing.evaluation.scores import RULES, evaluate


def one_hot(symbols: np.ndarray) -> np.ndarray:
    """Packed codes (N, 32 M) of symbols (N, M) in [0, 256)."""
    return codes.pack(np.eye(codes.BLOCK)[symbols].reshape(len(symbols), -1) - 0.5)


@pytest.fixture(params=["apart", "leave one out", "concepts"])
def vectors(request) -> VectorSet:
    """Two blocks, few symbols: many items share a code."""
    rng = np.random.default_rng(4)
    symbols = rng.integers(0, 3, (30, 2))
    activations = rng.normal(size=(30, 2 * codes.BLOCK)).astype(np.float32)
    labels = rng.random((30, 3)) < 0.4 if request.param == "concepts" else rng.integers(0, 3, 30)
    if request.param == "leave one out":
        both = one_hot(symbols)
        return VectorSet(
            *("planted", "hamming", both, both),
            gallery_labels=labels,
            query_labels=labels,
            query_activations=activations,
            attrs={"leave_one_out": True},
        )
    return VectorSet(
        *("planted", "hamming", one_hot(symbols[8:]), one_hot(symbols[:8])),
        gallery_labels=labels[8:],
        query_labels=labels[:8],
        query_activations=activations[:8],
        gallery_trained=(np.arange(22) % 3 == 0).astype(np.int64),
    )


def symbols_of(packed: np.ndarray) -> np.ndarray:
    return codes.unpack(packed).reshape(len(packed), -1, codes.BLOCK).argmax(axis=2)


def slow(vectors: VectorSet, top: int, kept: np.ndarray) -> list[float]:
    """The average precision of each query's first ``top``, a mean over many orders of what is tied."""
    rng, found = np.random.default_rng(0), []
    for i, activations in enumerate(vectors.query_activations):
        rows = [j for j in np.flatnonzero(kept) if j != vectors.own_rows[i]]
        near = [
            sum(activations[m * codes.BLOCK + symbol] for m, symbol in enumerate(code))
            for code in symbols_of(vectors.gallery[rows])
        ]
        label, labels = vectors.query_labels[i], vectors.gallery_labels[rows]
        hit = (label & labels).any(axis=1) if labels.ndim == 2 else label == labels
        values = []
        for _ in range(400):
            hits = hit[np.lexsort((rng.random(len(rows)), -np.array(near)))][:top]
            at = np.flatnonzero(hits)
            values.append(np.mean((1 + np.arange(len(at))) / (1 + at)) if len(at) else 0.0)
        found.append(np.mean(values))
    return found


def test_sums_are_those_of_the_ones(vectors):
    found = lookup.sums(vectors.query_activations, vectors.gallery)
    ones = codes.unpack(vectors.gallery)
    np.testing.assert_allclose(found, vectors.query_activations.astype(float) @ ones.T, atol=1e-5)


def test_a_block_without_a_one_adds_nothing():
    packed = np.zeros((1, 64), np.uint8)
    packed[0, 0] = 128  # the first unit of the first block
    activations = np.full((1, 512), 7, np.float32)
    assert lookup.sums(activations, packed).tolist() == [[7]]


@pytest.mark.parametrize("top", [3, 10, 100])
def test_scores_are_those_of_slow_rankings(vectors, top):
    scores = evaluate(vectors, tops=(top,), ns=(5,))
    everything = np.ones(len(vectors.gallery), bool)
    assert scores[f"map@{top}"] == pytest.approx(np.mean(slow(vectors, top, everything)), abs=0.02)
    if vectors.gallery_trained is not None:
        untrained = np.mean(slow(vectors, top, vectors.gallery_trained == 0))
        assert scores[f"map@{top} untrained"] == pytest.approx(untrained, abs=0.02)


@pytest.mark.parametrize("rules", ["stable", "deephash-pytorch"])
def test_without_ties_all_rules_agree_with_the_order_of_sums(vectors, rules):
    distinct = np.stack([np.arange(len(vectors.gallery)), np.arange(len(vectors.gallery))], axis=1)
    packed = one_hot(distinct)
    queries = packed if vectors.leave_one_out else vectors.queries
    untied = replace(vectors, gallery=packed, queries=queries)
    assert evaluate(untied, rules=RULES[rules])["map@all"] == pytest.approx(evaluate(untied)["map@all"])


def test_within_a_radius_it_is_hamming_distance(vectors):
    by_lookup, by_distance = evaluate(vectors), evaluate(replace(vectors, query_activations=None))
    assert list(by_lookup) == list(by_distance)
    assert by_lookup["map@all"] != by_distance["map@all"]
    within = [name for name in by_lookup if "@h<=" in name]
    assert len(within) == 3 and all(by_lookup[name] == by_distance[name] for name in within)


def test_what_is_added_to_a_block_changes_no_ranking(vectors):
    moved = vectors.query_activations + np.repeat([3, -5], codes.BLOCK).astype(np.float32)
    found = evaluate(replace(vectors, query_activations=moved.round(3)))
    assert found == pytest.approx(evaluate(replace(vectors, query_activations=vectors.query_activations.round(3))))


def test_a_file_of_codes_keeps_the_activations(vectors, tmp_path):
    vectors_file.save(tmp_path / "vectors.h5", vectors)
    loaded = vectors_file.load(tmp_path / "vectors.h5")
    np.testing.assert_array_equal(loaded.query_activations, vectors.query_activations)
    assert evaluate(loaded) == evaluate(vectors)
    assert lookup.code_bits(loaded) == 16 and lookup.code_bits(replace(loaded, query_activations=None)) == 512


def test_activations_that_do_not_fit_are_told(vectors):
    with pytest.raises(ValueError, match=r"query_activations must be \(.*, 512\) float32"):
        replace(vectors, query_activations=vectors.query_activations[:, 1:])
