"""All pairs within a radius against plain loops, by every metric; the radius that gives so many; files of others."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.truths import range_file, within
from datasets.truths.range_file import PairsWithin
from datasets.vectors.base import VectorSet

RADII = {"euclidean": 3.2, "inner_product": 2.0, "angular": 0.7, "hamming": 11}


def made(metric, *, far=0.0, own=False):
    rng = np.random.default_rng(3)
    if metric == "hamming":
        gallery, queries = (rng.integers(0, 256, (count, 4)).astype(np.uint8) for count in (90, 12))
    else:
        gallery, queries = (rng.normal(far, 1, (count, 8)).astype(np.float32) for count in (90, 12))
        gallery[3] = 0
    if own:
        return VectorSet("made", metric, gallery, gallery[5:17].copy(), query_rows=np.arange(5, 17))
    return VectorSet("made", metric, gallery, queries)


def distance(left, right, metric):
    if metric == "hamming":
        return sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(left, right, strict=True))
    left, right = [float(value) for value in left], [float(value) for value in right]
    product = sum(a * b for a, b in zip(left, right, strict=True))
    if metric == "inner_product":
        return product
    if metric == "euclidean":
        return sum((a - b) ** 2 for a, b in zip(left, right, strict=True)) ** 0.5
    lengths = sum(a * a for a in left) ** 0.5 * sum(b * b for b in right) ** 0.5
    return 1 - product / lengths if lengths else 1


def by_loops(vector_set, radius):
    pairs = []
    for place, query in enumerate(vector_set.queries):
        for row, other in enumerate(vector_set.gallery):
            found = distance(query, other, vector_set.metric)
            inside = found >= radius if vector_set.metric == "inner_product" else found <= radius
            if inside and row != vector_set.own_rows[place]:
                pairs.append((place, row))
    return pairs


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("metric", RADII)
def test_pairs_are_those_of_plain_loops(tmp_path, monkeypatch, metric, own):
    monkeypatch.setattr(within, "_PART", 40)
    monkeypatch.setattr(within, "_KEPT", 5)
    vector_set = made(metric, own=own)
    found = within.true_pairs(vector_set, RADII[metric], cache=tmp_path, progress=False)
    expected = by_loops(vector_set, RADII[metric])
    assert len(expected) > 20
    assert list(zip(found.asking.tolist(), found.ids.tolist(), strict=True)) == expected
    for (query, row), given in zip(expected, found.distances, strict=True):
        assert given == pytest.approx(distance(vector_set.queries[query], vector_set.gallery[row], metric), abs=1e-5)


def test_near_the_border_differences_decide(tmp_path):
    vector_set = made("euclidean", far=1000)  # where products in single precision are off by whole units
    radius = distance(vector_set.queries[0], vector_set.gallery[7], "euclidean")
    for other in (radius, np.nextafter(radius, 0), radius - 1e-6, radius + 1e-6):
        found = within.true_pairs(vector_set, other, cache=tmp_path / f"{other!r}", progress=False)
        assert list(zip(found.asking.tolist(), found.ids.tolist(), strict=True)) == by_loops(vector_set, other)


def test_pairs_are_searched_for_once_and_a_search_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(within, "_KEPT", 5)
    vector_set = made("euclidean")
    real, asked = within.search, []

    def search(*arguments):
        if len(asked) == 1:
            asked.append("killed")
            raise KeyboardInterrupt
        asked.append("searched")
        return real(*arguments)

    monkeypatch.setattr(within, "search", search)
    with pytest.raises(KeyboardInterrupt):
        within.true_pairs(vector_set, 3.2, cache=tmp_path, progress=False)
    first = within.true_pairs(vector_set, 3.2, cache=tmp_path, progress=False)
    again = within.true_pairs(vector_set, 3.2, cache=tmp_path, progress=False)
    assert asked == ["searched", "killed", "searched", "searched"]
    np.testing.assert_array_equal(first.ids, again.ids)
    assert [path.name for path in tmp_path.iterdir()] == [f"{vector_set.fingerprint()}-within-3.2.bin"]
    within.true_pairs(vector_set, np.float64(3.2 + 1e-12), cache=tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 2  # another radius, however near, has pairs of its own


@pytest.mark.parametrize("metric", RADII)
@pytest.mark.parametrize("mean", [1, 5, 80])
def test_a_radius_that_gives_so_many_on_average(tmp_path, metric, mean):
    vector_set = made(metric)
    radius = within.radius_of_mean(vector_set, mean)
    found = within.true_pairs(vector_set, radius, cache=tmp_path, progress=False)
    ties = 12 if metric == "hamming" else 0.1
    assert mean - 0.1 <= len(found.ids) / 12 <= mean + ties


@pytest.mark.parametrize("mean", [0, 91])
def test_a_mean_that_cannot_be(mean):
    with pytest.raises(InputError, match=f"--radius=mean:{mean}: must be above 0, and there are 90 rows"):
        within.radius_of_mean(made("euclidean"), mean)


def test_files_of_others_are_read_and_held_against_ours(tmp_path):
    vector_set, path = made("euclidean"), tmp_path / "gt.bin"
    true = within.true_pairs(vector_set, 3.2, cache=tmp_path, progress=False)
    head = np.array([12, len(true.ids), *true.counts], "<i4").tobytes()
    backwards = np.concatenate([true.ids[a:b][::-1] for a, b in zip(true.ends, true.ends[1:], strict=False)])
    squares = np.zeros(len(true.ids), "<f4")
    path.write_bytes(head + backwards.astype("<i4").tobytes() + squares.tobytes())
    found = within.of_others(vector_set, 3.2, path)
    np.testing.assert_array_equal(found.ids, true.ids)
    np.testing.assert_allclose(found.distances, true.distances, rtol=1e-6)
    with pytest.raises(InputError, match=r"gt\.bin: row \d+ is at .* not within 2: the radius may be squared"):
        within.of_others(vector_set, 2.0, path)
    with pytest.raises(InputError, match=r"gt\.bin: row \d+ is within 4 of query \d+ and is not there"):
        within.of_others(vector_set, 4.0, path)


def test_what_is_no_range_truth_is_told(tmp_path):
    path = tmp_path / "gt.bin"
    for content, message in (
        (b"abc", "expected a header of 8 bytes"),
        (np.array([2, 3, 1, 2, 0, 0], "<i4").tobytes(), "take 40 bytes, found 24: cut short"),
        (np.array([1, 1, 2, 0, 0], "<i4").tobytes(), "its queries have 2 pairs together, not 1"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            range_file.read(path)
    few = PairsWithin(np.array([0, 1]), np.array([90]), np.zeros(1, np.float32))
    range_file.write(path, few)
    with pytest.raises(InputError, match="has pairs of 1 queries, but there are 12"):
        within.of_others(made("euclidean"), 3.2, path)
