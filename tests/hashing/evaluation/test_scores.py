"""Scores of codes by hand and against a brute-force evaluator that goes through all orders of tied items."""

import dataclasses
import itertools

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.vectors.base import VectorSet
from hashing.evaluation.scores import RULES, Rules, curves, evaluate


def tied(bits: int, *, several: bool = False, leave_one_out: bool = False, trained: bool = False, seed: int = 0):
    """A few queries and few different codes, so that many items lie at the same distance; one query finds nothing."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 256, (2, bits // 8)).astype(np.uint8)
    codes = centres[rng.integers(0, 2, 21)]
    codes[:, 0] ^= rng.choice(np.array([0, 0, 1, 3, 17], np.uint8), 21)
    labels = rng.random((21, 5)) < 0.3 if several else rng.integers(-1, 2, 21)
    labels[0] = False if several else 99
    trained = (np.arange(15) % 3 == 1).astype(np.int64) if trained else None
    asked = {"gallery_labels": labels[6:], "gallery_trained": trained}
    if leave_one_out:
        same = {"query_labels": labels[6:], "attrs": {"leave_one_out": True}}
        return VectorSet("tied", "hamming", codes[6:], codes[6:], **asked, **same)
    rows = np.array([-1, 4, -1, 14, 0, -1])
    return VectorSet("tied", "hamming", codes[6:], codes[:6], query_labels=labels[:6], query_rows=rows, **asked)


def items_of(vectors: VectorSet, query: int, *, untrained: bool = False) -> list[tuple[int, bool]]:
    """(distance, relevant) of what a query may find, in the order of the gallery."""
    found = []
    for j, item in enumerate(vectors.gallery):
        if j == vectors.own_rows[query] or untrained and vectors.gallery_trained[j]:
            continue
        asked, there = vectors.query_labels[query], vectors.gallery_labels[j]
        distance = int(np.unpackbits(item ^ vectors.queries[query]).sum())
        found.append((distance, bool((asked & there).any()) if asked.ndim else bool(asked == there)))
    return found


def orders_of(items: list[tuple[int, bool]], ties: str) -> list[list[bool]]:
    """All rankings that a rule has, equally likely, as hits."""
    if ties == "stable":
        return [[hit for _, hit in sorted(items, key=lambda item: item[0])]]
    if ties == "unstable":
        order = np.argsort(np.array([distance for distance, _ in items], np.float32))
        return [[items[j][1] for j in order]]
    groups = []
    for distance in sorted({distance for distance, _ in items}):
        hits = [hit for other, hit in items if other == distance]
        places = itertools.combinations(range(len(hits)), sum(hits))  # each comes of as many orders as any other
        groups.append([[place in chosen for place in range(len(hits))] for chosen in places])
    return [list(itertools.chain(*order)) for order in itertools.product(*groups)]


def precision_of(hits: list[bool]) -> float:
    values = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return sum(values) / len(values) if values else 0.0


def brute_force(vectors: VectorSet, tops, radius: int, ns, rules: Rules, *, untrained: bool = False):
    sums, weights = {}, {}

    def add(name: str, value: float, weight: float = 1.0) -> None:
        sums[name] = sums.get(name, 0.0) + value
        weights[name] = weights.get(name, 0.0) + weight

    for query in range(len(vectors.queries)):
        items = items_of(vectors, query, untrained=untrained)
        orders = orders_of(items, rules.ties)
        for top in tops:
            values = [(precision_of(order[:top]), any(order[:top])) for order in orders]
            mean, chance = np.mean(values, axis=0)
            add(f"map@{top or 'all'}", mean, chance if rules.no_hit == "drop" else 1)
        ball = [hit for distance, hit in items if distance <= radius]
        every = sum(hit for _, hit in items)
        add(f"precision@h<={radius}", sum(ball) / len(ball) if ball else 0)
        add(f"recall@h<={radius}", sum(ball) / every if every else 0)
        lost = rules.no_hit == "drop" and ball and not any(ball)
        add(f"map@h<={radius}", np.mean([precision_of(order[: len(ball)]) for order in orders]), 0 if lost else 1)
        for n in ns:
            add(f"precision@{n}", np.mean([sum(order[:n]) / min(n, len(order)) for order in orders]))
    return {name: sums[name] / weights[name] if weights[name] else 0.0 for name in sums}


@pytest.mark.parametrize("bits", [8, 64, 128])
@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("no_hit", ["zero", "drop"])
@pytest.mark.parametrize("ties", ["expected", "stable", "unstable"])
def test_against_brute_force(ties, no_hit, several, leave_one_out, bits):
    vectors = tied(bits, several=several, leave_one_out=leave_one_out, trained=True, seed=bits)
    rules, asked = Rules(ties, no_hit), ((None, 1, 3, 8, 500), 2, (1, 5, 100))
    scores = evaluate(vectors, tops=asked[0], radius=asked[1], ns=asked[2], rules=rules)
    expected = brute_force(vectors, *asked, rules)
    rest = brute_force(vectors, *asked, rules, untrained=True)
    expected |= {
        f"{name} untrained": value for name, value in rest.items() if name.startswith("map@") and "h" not in name
    }
    nothing = scores.pop("queries with nothing to find", 0)
    lost = [not any(hit for _, hit in items_of(vectors, query)) for query in range(len(vectors.queries))]
    assert nothing == sum(lost) and (leave_one_out or nothing)
    assert set(scores) == set(expected)
    assert scores == pytest.approx(expected, abs=1e-12)
    assert all(type(value) is float for value in scores.values())


@pytest.mark.parametrize("radius", [0, 1, 5, 8])
def test_radii_against_brute_force(radius):
    vectors = tied(8, seed=3)
    for rules in (Rules(), Rules(no_hit="drop")):
        scores = evaluate(vectors, radius=radius, ns=(), rules=rules)
        expected = brute_force(vectors, (None,), radius, (), rules)
        assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def by_hand(query_labels: list[int], distances: list[int], labels: list[int]) -> VectorSet:
    """Queries of eight zeros and a gallery at these distances from them."""
    gallery = np.packbits(np.arange(8) < np.array(distances)[:, None], axis=1)
    queries = np.zeros((len(query_labels), 1), np.uint8)
    given = {"gallery_labels": np.array(labels), "query_labels": np.array(query_labels)}
    return VectorSet("by hand", "hamming", gallery, queries, **given)


def test_by_hand():
    vectors = by_hand([1], [0, 3, 3, 7], [1, 1, 0, 1])
    scores = evaluate(vectors, tops=(None, 2), radius=2, ns=(2,))
    first, second = (1 + 2 / 2 + 3 / 4) / 3, (1 + 2 / 3 + 3 / 4) / 3  # which of the two at distance 3 comes first
    assert list(scores) == ["map@all", "map@2", "precision@h<=2", "recall@h<=2", "map@h<=2", "precision@2"]
    assert list(scores.values()) == pytest.approx([(first + second) / 2, 1, 1, 1 / 3, 1, (1 + 1 / 2) / 2])
    stable = evaluate(vectors, tops=(None, 3), radius=3, ns=(2,), rules=Rules.named("stable"))
    assert list(stable.values()) == pytest.approx([first, 1, 2 / 3, 2 / 3, 1, 1])


def test_queries_without_a_hit_count_zero_or_not_at_all():
    vectors = by_hand([1, 2, 9], [0, 5], [1, 2])  # the second finds its item at rank 2, the third nothing
    scores = evaluate(vectors, tops=(None, 1), radius=2)
    assert [scores[f"map@{name}"] for name in ("all", "1", "h<=2")] == pytest.approx([1.5 / 3, 1 / 3, 1 / 3])
    assert scores["queries with nothing to find"] == 1
    dropped = evaluate(vectors, tops=(None, 1), radius=2, rules=Rules(no_hit="drop"))
    assert [dropped[f"map@{name}"] for name in ("all", "1", "h<=2")] == pytest.approx([1.5 / 2, 1, 1])
    assert dropped["precision@h<=2"] == scores["precision@h<=2"] == pytest.approx(1 / 3)
    nobody = by_hand([9], [0], [1])
    for rules in RULES.values():
        assert set(evaluate(nobody, rules=rules).values()) == {0.0, 1.0}  # one query, and all scores 0


def test_an_empty_radius_counts_zero_even_where_queries_are_dropped():
    vectors = by_hand([1, 1], [3], [1])
    scores = evaluate(vectors, rules=Rules(no_hit="drop"))
    assert scores["map@h<=2"] == scores["precision@h<=2"] == scores["recall@h<=2"] == 0
    assert evaluate(vectors, radius=3, rules=Rules(no_hit="drop"))["map@h<=3"] == 1
    half = dataclasses.replace(vectors, queries=np.array([[0], [1]], np.uint8), query_labels=np.array([1, 2]))
    # The first has nothing within 2 and counts 0; the second has an item, but none of its own, within 4.
    assert evaluate(half, radius=2, rules=Rules(no_hit="drop"))["map@h<=2"] == 0
    assert evaluate(half, radius=4, rules=Rules(no_hit="drop"))["map@h<=4"] == 1
    assert evaluate(half, radius=4)["map@h<=4"] == 0.5


def test_what_was_trained_on_is_taken_out_for_untrained_scores_only():
    vectors = dataclasses.replace(by_hand([1], [0, 1, 2, 3], [1, 0, 0, 1]), gallery_trained=np.array([1, 0, 0, 0]))
    scores = evaluate(vectors, tops=(None, 2), ns=(2,))
    assert scores["map@all"] == pytest.approx((1 + 2 / 4) / 2) and scores["map@2"] == 1
    assert scores["map@all untrained"] == pytest.approx(1 / 3) and scores["map@2 untrained"] == 0
    assert [name for name in scores if "untrained" in name] == ["map@all untrained", "map@2 untrained"]
    for trained in (np.zeros(4, np.int64), np.ones(4, np.int64), None):  # nothing to take out, or nothing left
        again = evaluate(dataclasses.replace(vectors, gallery_trained=trained), tops=(None, 2), ns=(2,))
        assert again == {name: value for name, value in scores.items() if "untrained" not in name}


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("leave_one_out", [False, True])
def test_curves_are_means_within_each_radius(leave_one_out, several):
    vectors = tied(16, several=several, leave_one_out=leave_one_out, seed=4)
    found = curves(vectors)
    assert found.precision.shape == found.recall.shape == (17,)
    for radius in range(17):
        scores = evaluate(vectors, radius=radius)
        assert found.precision[radius] == pytest.approx(scores[f"precision@h<={radius}"], abs=1e-12)
        assert found.recall[radius] == pytest.approx(scores[f"recall@h<={radius}"], abs=1e-12)
    asked = [items_of(vectors, query) for query in range(len(vectors.queries))]
    assert found.recall[16] == np.mean([any(hit for _, hit in items) for items in asked])
    assert (np.diff(found.recall) >= 0).all() and 0 < found.recall[2] < found.recall[16]


def test_threads_and_blocks_change_nothing():
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(0, 256, (400, 2)).astype(np.uint8), rng.integers(0, 9, 400)
    vectors = VectorSet(
        "x", "hamming", codes[150:], codes[:150], gallery_labels=labels[150:], query_labels=labels[:150]
    )
    for rules in RULES.values():
        assert evaluate(vectors, rules=rules, threads=1) == evaluate(vectors, rules=rules, threads=5)
    parts = [dataclasses.replace(vectors, queries=codes[i : i + 1], query_labels=labels[i : i + 1]) for i in range(150)]
    alone = [evaluate(part)["map@all"] for part in parts]
    assert evaluate(vectors)["map@all"] == pytest.approx(np.mean(alone), abs=1e-12)


def test_rules_by_name():
    assert Rules.named("expected") == Rules() == Rules("expected", "zero")
    assert Rules.named("thuml") == Rules("unstable", "drop")
    assert Rules.named("deephash-pytorch") == Rules("unstable", "zero")
    with pytest.raises(InputError, match="^unknown rules 'stabel': did you mean stable"):
        Rules.named("stabel")
    with pytest.raises(InputError, match="unknown rule of ties 'unstabel': did you mean unstable"):
        Rules(ties="unstabel")
    with pytest.raises(InputError, match="unknown no-hit rule 'none'.*known are zero, drop"):
        Rules(no_hit="none")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"tops": (None, 0)}, "^--top=0: must be at least 1$"),
        ({"ns": (-3,)}, "^--test-k=-3: must be at least 1$"),
        ({"radius": -1}, "^--radius=-1: codes of 8 bits have distances from 0 to 8$"),
        ({"radius": 9}, "^--radius=9: codes of 8 bits have distances from 0 to 8$"),
    ],
)
def test_numbers_out_of_range_are_refused(asked, line):
    with pytest.raises(InputError, match=line):
        evaluate(tied(8), **asked)
