"""Published scores of instance retrieval, beside the protocol written out plainly, place by place."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.truth import Truth, of_labels
from embedding.evaluation import revisited
from embedding.evaluation.ranking import Ranking

NONE = np.empty(0, np.int64)


def truth_of(protocol: str, easy: list, hard: list | None = None, junk: list | None = None, **more) -> Truth:
    rows = [tuple(np.array(found, np.int64) for found in given or [[]] * len(easy)) for given in (easy, hard, junk)]
    return Truth(protocol, *rows, **more)


def ranked(*orders: list[int]) -> Ranking:
    """A ranking in which the gallery comes in these orders."""
    places = np.argsort(np.array(orders), axis=1)
    return Ranking.of_scores(-places.astype(float))


def drawn(protocol: str, seed: int, queries: int = 40, size: int = 120, parts: tuple = ()) -> tuple[np.ndarray, Truth]:
    """Scores (Q, G) with ties, and a truth of which some queries lack easy ones, hard ones, junk or all of these."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (queries, size)).round(1)
    grades = []
    for query in range(queries):
        cuts = np.cumsum(rng.integers(0, 12, 3) * (rng.random(3) < 0.7))
        grades.append(np.split(rng.permutation(size)[: cuts[-1]], cuts[:-1]))
        scores[query, np.concatenate(grades[-1][:2]).astype(int)] += 2
    return scores, truth_of(protocol, *map(list, zip(*grades, strict=True)), parts=parts)


def plain_list(scores: np.ndarray, right: set, junk: set) -> list[bool]:
    """Which places of a ranking without its junk are right."""
    order = sorted(range(len(scores)), key=lambda item: (-scores[item], item))
    return [item in right for item in order if item not in junk]


def plain_trapezoids(answers: list[bool]) -> float:
    """The area as Oxford's program walks it: over all places, precision and recall of each."""
    area, found, recall, precision = 0.0, 0, 0.0, 1.0
    for place, right in enumerate(answers):
        found += right
        next_recall, next_precision = found / sum(answers), found / (place + 1)
        area += (next_recall - recall) * (precision + next_precision) / 2
        recall, precision = next_recall, next_precision
    return area


def plain_precision(answers: list[bool], k: int) -> float:
    last = max(place for place, right in enumerate(answers) if right) + 1
    first = answers[: min(k, last)]
    return sum(first) / len(first)


def plain_hits(answers: list[bool], most: int) -> float:
    precisions = [sum(answers[: place + 1]) / (place + 1) for place in range(min(most, len(answers))) if answers[place]]
    return sum(precisions) / min(sum(answers), most)


def plain_mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def answers_of(scores: np.ndarray, truth: Truth, right: tuple, junk: tuple) -> list[list[bool]]:
    """Of every query with something to find."""
    found = []
    for query, row in enumerate(scores):
        wanted = {item for name in right for item in getattr(truth, name)[query].tolist()}
        thrown = {item for name in junk for item in getattr(truth, name)[query].tolist()}
        found += [plain_list(row, wanted, thrown)] if wanted else []
    return found


@pytest.mark.parametrize("seed", range(3))
def test_revisited_beside_the_protocol_written_out(seed):
    scores, truth = drawn("revisited", seed)
    tasks = {
        "easy": (("easy",), ("hard", "junk")),
        "medium": (("easy", "hard"), ("junk",)),
        "hard": (("hard",), ("easy", "junk")),
    }
    expected = {}
    for task, (right, junk) in tasks.items():
        answers = answers_of(scores, truth, right, junk)
        assert 0 < len(answers) < len(truth)
        expected[f"mAP {task}"] = plain_mean(map(plain_trapezoids, answers))
        expected |= {f"mP@{k} {task}": plain_mean(plain_precision(each, k) for each in answers) for k in (1, 5, 10)}
        expected[f"queries left out {task}"] = len(truth) - len(answers)
    found = revisited.scores(Ranking.of_scores(scores), truth)[""]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("protocol", ["oxford", "holidays"])
def test_oxford_and_holidays_beside_the_protocol_written_out(protocol):
    scores, truth = drawn(protocol, 7)
    answers = answers_of(scores, truth, ("easy", "hard"), ("junk",))
    expected = {"mAP": plain_mean(map(plain_trapezoids, answers)), "queries left out": len(truth) - len(answers)}
    assert revisited.scores(Ranking.of_scores(scores), truth)[""] == pytest.approx(expected, abs=1e-12)


def test_instances_beside_the_protocol_written_out():
    scores, truth = drawn("instances", 8)
    answers = answers_of(scores, truth, ("easy", "hard"), ("junk",))
    expected = {
        "mAP": plain_mean(plain_hits(each, len(each)) for each in answers),
        "recall@1": plain_mean(float(each[0]) for each in answers),
        "queries left out": len(truth) - len(answers),
    }
    assert revisited.scores(Ranking.of_scores(scores), truth)[""] == pytest.approx(expected, abs=1e-12)


def test_landmarks_beside_the_protocol_written_out(monkeypatch):
    scores, truth = drawn("landmarks", 9)
    monkeypatch.setattr(revisited, "_TOP", 5)  # of 120, so that it matters, also for queries with more to find
    answers = answers_of(scores, truth, ("easy", "hard"), ("junk",))
    assert max(map(sum, answers)) > 5
    ways = []
    for query, row in enumerate(scores):
        order = sorted(range(len(row)), key=lambda item: (-row[item], item))
        nearest = next(item for item in order if item not in truth.junk[query])
        ways.append((-row[nearest], query, nearest in (*truth.easy[query], *truth.hard[query])))
    total, found = 0.0, 0
    for place, (_, _, right) in enumerate(sorted(ways)):
        found += right
        total += right * found / (place + 1)
    expected = {
        "mAP@5": plain_mean(plain_hits(each, 5) for each in answers),
        "µAP": total / len(answers),  # a query without an answer is a wrong one, and no more
        "queries left out": len(truth) - len(answers),
    }
    assert revisited.scores(Ranking.of_scores(scores), truth)[""] == pytest.approx(expected, abs=1e-12)


def test_micro_average_precision_by_hand():
    # By falling confidence: right, wrong, right, and a query that is not found: 3 of the 4 have an answer.
    found = revisited.micro_average_precision(np.array([0.2, 0.9, 0.7, 0.1]), np.array([1, 1, 0, 0], bool), 3)
    assert found == pytest.approx((1 / 1 + 2 / 3) / 3)


@pytest.mark.parametrize("protocol", ["oxford", "holidays", "revisited", "landmarks", "instances"])
def test_a_perfect_ranking_and_one_with_junk_first(protocol):
    truth = truth_of(protocol, [[4, 2], [0]], junk=[[1, 5], [3]])
    for orders in ([[4, 2, 0, 1, 3, 5], [0, 1, 2, 3, 4, 5]], [[1, 5, 2, 4, 0, 3], [3, 0, 1, 2, 4, 5]]):
        found = revisited.scores(ranked(*orders), truth)[""]
        assert {value for name, value in found.items() if "left out" not in name} == {1.0}


def test_oxford_by_hand():
    truth = truth_of("oxford", [[0]], hard=[[1]], junk=[[2]])  # good, ok, junk
    last = revisited.scores(ranked([3, 4, 2, 5, 0, 1]), truth)[""]["mAP"]  # without junk at places 3 and 4, from 0 on
    assert last == pytest.approx(((0 / 3 + 1 / 4) / 2 + (1 / 4 + 2 / 5) / 2) / 2)
    split = revisited.scores(ranked([0, 3, 2, 1, 4, 5]), truth)[""]["mAP"]
    assert split == pytest.approx(((1 + 1) / 2 + (1 / 2 + 2 / 3) / 2) / 2)


def test_all_that_is_right_last():
    size, count = 50, 6
    truth = truth_of("oxford", [list(range(count))])
    found = revisited.scores(ranked([*range(count, size), *range(count)]), truth)[""]["mAP"]
    wrong = size - count
    steps = [(hit / (wrong + hit) + (hit + 1) / (wrong + hit + 1)) / 2 for hit in range(count)]
    assert found == pytest.approx(sum(steps) / count)


def test_precision_among_no_more_than_the_last_right_one():
    truth = truth_of("revisited", [[0, 1]])
    found = revisited.scores(ranked([0, 2, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11]), truth)[""]
    assert (found["mP@1 easy"], found["mP@5 easy"], found["mP@10 easy"]) == pytest.approx((1, 2 / 3, 2 / 3))


def test_tasks_that_nobody_has_anything_to_find_in_have_no_scores():
    found = revisited.scores(ranked([0, 1, 2]), truth_of("revisited", [[1]], junk=[[0]]))[""]
    assert sorted(name for name in found if name.startswith("mAP")) == ["mAP easy", "mAP medium"]


def test_parts_have_scores_of_their_own():
    parts = tuple("ab"[query % 2] for query in range(40))
    scores, truth = drawn("revisited", 10, parts=parts)
    both = revisited.scores(Ranking.of_scores(scores), truth)
    assert list(both) == ["a", "b"]
    for start, part in enumerate("ab"):
        rows = slice(start, None, 2)
        alone = truth_of("revisited", truth.easy[rows], truth.hard[rows], truth.junk[rows])
        assert both[part] == pytest.approx(revisited.scores(Ranking.of_scores(scores[rows]), alone)[""])


def test_recognition_is_scored_part_by_part():
    scores, truth = drawn("landmarks", 11, parts=("first",) * 15 + ("second",) * 25)
    found = revisited.scores(Ranking.of_scores(scores), truth)["second"]
    alone = truth_of("landmarks", truth.easy[15:], truth.hard[15:], truth.junk[15:])
    assert found == pytest.approx(revisited.scores(Ranking.of_scores(scores[15:]), alone)[""])


def test_nothing_to_find_at_all():
    with pytest.raises(InputError, match="none of the 2 queries has anything to find"):
        revisited.scores(ranked([0, 1], [1, 0]), truth_of("oxford", [[], []], junk=[[0], []]))
    with pytest.raises(InputError, match="of part b"):
        revisited.scores(ranked([0, 1], [1, 0]), truth_of("instances", [[1], []], parts=("a", "b")))


def test_a_labelled_set_each_asking_all_others():
    rng = np.random.default_rng(12)
    labels = np.sort(rng.integers(0, 200, 2000))
    vectors = rng.normal(size=(200, 16))[labels] + 1.5 * rng.normal(size=(2000, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rows = np.arange(2000)
    found = revisited.scores(Ranking.of_vectors(vectors, vectors), of_labels(labels, rows, rows))[""]
    similar = vectors.astype(float) @ vectors.T.astype(float)
    np.fill_diagonal(similar, -np.inf)
    order = np.argsort(-similar, axis=1, kind="stable")[:, :-1]
    hits = labels[order] == labels[:, None]
    asked = hits.any(axis=1)
    precision = np.cumsum(hits, axis=1) / np.arange(1, 2000)
    expected = ((precision * hits).sum(axis=1)[asked] / hits.sum(axis=1)[asked]).mean()
    assert found["mAP"] == pytest.approx(expected)
    assert found["recall@1"] == pytest.approx(hits[asked, 0].mean())


def test_nobody_asks():
    with pytest.raises(InputError, match="nothing asks"):
        revisited.scores(Ranking.of_scores(np.empty((0, 5))), truth_of("revisited", []))


def test_values_of_each_query():
    truth = truth_of("revisited", [[0], [], [1]], junk=[[], [], [0]])
    found = revisited.of_queries(ranked([0, 1, 2], [0, 1, 2], [2, 0, 1]), truth)
    np.testing.assert_allclose(found["mAP easy"], [1, np.nan, (0 / 1 + 1 / 2) / 2])
    np.testing.assert_allclose(found["mP@1 easy"], [1, np.nan, 0])
    assert np.isnan(found["mAP hard"]).all()


def test_as_many_rankings_as_queries():
    with pytest.raises(ValueError, match="2 queries"):
        revisited.scores(ranked([0, 1]), truth_of("oxford", [[0], [1]]))
