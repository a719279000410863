"""Two snapshots asked with the same pictures."""

import numpy as np
import pytest

from datasets.vectors.base import Embeddings
from embedding.evaluation.scores import evaluate
from web.grow import compare
from web.grow.training.labels import Labelled
from web.serving import snapshot


@pytest.fixture
def ids():
    return np.arange(100, 160)


@pytest.fixture
def known(ids):
    return Labelled(ids[:50], np.arange(50) % 5, tuple("abcde"))


def vectors(labels, noise, seed=0):
    """Unit rows near a centre for each class, the farther the more noise."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(5, 16))[labels] + noise * rng.normal(size=(len(labels), 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def two(tmp_path, ids):
    def write(name, noise):
        rows = vectors(np.arange(60) % 5, noise)
        return snapshot.write(tmp_path / name, ids, rows, name=name, network="0" * 16)

    return write("before", 1.5), write("after", 0.1)


def test_scores_are_those_of_the_projects_own_evaluation(two, ids, known):
    found = compare.compared(*two, ids[:20], known)
    assert found.queries == 20 and found.among == 50
    for side, place in zip(two, (1, 2), strict=True):
        rows = np.asarray(side.vectors)
        all_of = Embeddings(rows[:50], known.labels, tuple(map(str, ids[:50])))
        asked = Embeddings(rows[:20], known.labels[:20], tuple(map(str, ids[:20])))
        plain = evaluate(asked, all_of, ks=compare.KS, metric="inner_product", nmi=False)
        mine = {row[0]: row[place] for row in found.scores}
        assert all(mine[f"recall@{k}"] == pytest.approx(plain[f"recall@{k}"]) for k in compare.KS)
        assert plain["map@r"] <= mine["mAP@100"] + 1e-9


def test_mean_average_precision_is_what_a_plain_loop_finds(two, ids, known):
    found = dict((name, after) for name, _, after in compare.compared(*two, ids[:20], known).scores)
    rows, precisions = np.asarray(two[1].vectors)[:50], []
    for query in range(20):
        order = [other for other in np.argsort(-(rows @ rows[query]), kind="stable") if other != query]
        right = [known.labels[other] == known.labels[query] for other in order]
        at = [sum(right[: place + 1]) / (place + 1) for place in range(49) if right[place]]
        precisions.append(sum(at) / 9)
    assert found["mAP@100"] == pytest.approx(np.mean(precisions))


def test_what_changed_most_comes_first_with_right_and_wrong(two, ids, known):
    changed = compare.compared(*two, ids[:20], known).changed
    gains = [abs(change.precision[1] - change.precision[0]) for change in changed]
    assert gains == sorted(gains, reverse=True) and gains[0] > 0
    assert all(change.query not in [number for number, _ in change.after] for change in changed)
    assert all(right for _, right in changed[0].after)


def test_what_got_worse_is_shown_too(two, ids, known):
    changed = compare.compared(two[1], two[0], ids[:50], known).changed
    worse = [change for change in changed if change.precision[1] < change.precision[0]]
    assert worse and len(changed) <= 12
    changed = compare.compared(*two, ids[:50], known).changed
    assert len(changed) == 12 and all(change.precision[1] >= change.precision[0] for change in changed)


def test_nothing_changed_between_a_snapshot_and_itself(two, ids, known):
    found = compare.compared(two[0], two[0], ids[:20], known)
    assert found.changed == [] and all(before == after for _, before, after in found.scores)


def test_without_labels_there_are_no_scores_but_what_changed(two, ids):
    found = compare.compared(*two, ids[:20], Labelled(ids[:0], np.zeros(0, np.int64), ()))
    assert found.scores == [] and found.queries == 20 and found.among == 60
    assert found.changed and found.changed[0].precision is None and found.changed[0].after[0][1] is None


def test_pictures_that_one_snapshot_lacks_take_no_part(two, tmp_path, ids, known):
    rows = np.asarray(two[1].vectors)[30:]
    later = snapshot.write(tmp_path / "later", ids[30:], rows, name="later", network="0" * 16)
    found = compare.compared(two[0], later, ids[:40], known)
    assert found.queries == 10 and found.among == 20
    assert compare.compared(two[0], later, ids[:10], known).queries == 0


def test_a_class_of_one_is_not_asked_for(two, ids, known):
    lone = Labelled(known.ids[:6], np.arange(6) % 5, known.names)
    assert compare.compared(*two, ids[:6], lone).queries == 2
