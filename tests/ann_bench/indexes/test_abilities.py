"""What only some indexes can do, over all of them by name: filters, ranges, changes, several threads at once."""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_indexes import COUNT, QUERIES, RECALL, K, cases, filled, new, rows

from datasets.attributes.condition import All, Among, AnyOf, Between
from datasets.attributes.table import Attributes

MORE = 200  # rows that come later: the first ones of the gallery, a second time
NUMBERS = np.random.default_rng(5).permutation(COUNT)
KINDS = np.array(["low", "high"])[(NUMBERS >= 300).astype(int)]
ATTRIBUTES = Attributes({"number": NUMBERS, "kind": KINDS})
EVERYTHING, HALF = All(), Between("number", low=COUNT // 2)
# A condition -> the rows that fulfil it, found the plainest way.
CONDITIONS = {
    EVERYTHING: NUMBERS >= 0,
    HALF: NUMBERS >= COUNT // 2,
    Between("number", low=100, high=500, above=True, below=True): (NUMBERS > 100) & (NUMBERS < 500),
    Among("kind", ("low",)): NUMBERS < 300,
    All((Among("kind", ("high",)), Between("number", high=600))): (NUMBERS >= 300) & (NUMBERS <= 600),
    AnyOf((Among("number", (7, 8)), Between("number", low=200))): (NUMBERS >= 200) | (NUMBERS == 7) | (NUMBERS == 8),
    Between("number", high=4): NUMBERS <= 4,
    Among("number", (17,)): NUMBERS == 17,
    Among("number", (COUNT + 1,)): NUMBERS < 0,
}


def that_can(ability):
    """The cases of all builds whose object offers an ability."""

    def can(case):
        name, build, _, metric = case.values
        return bool(case.marks or getattr(new(name, build, metric), ability))

    return pytest.mark.parametrize("name, build, search, metric", list(filter(can, cases())))


over_filters, over_ranges, over_changes, over_shared = map(that_can, ("filters", "ranges", "changes", "shared"))


@functools.cache
def everything(metric):
    """Gallery and rows that come later (N, D), queries and these rows (Q, D), all distances (Q, N), nearest least."""
    gallery, queries = rows(metric)
    gallery, queries = np.concatenate([gallery, gallery[:MORE]]), np.concatenate([queries, gallery[:MORE]])
    if metric == "hamming":
        bits = [np.unpackbits(part, axis=1) for part in (queries, gallery)]
        return gallery, queries, (bits[0][:, None] != bits[1]).sum(axis=2)
    if metric == "euclidean":
        return gallery, queries, np.linalg.norm(queries[:, None].astype(np.float64) - gallery, axis=2)
    products = queries.astype(np.float64) @ gallery.T
    return gallery, queries, -products if metric == "inner_product" else 1 - products


def apart(found, metric, start=0):
    """The distances (n, k) of neighbors of the queries from ``start`` on, infinite where there is none."""
    distances = everything(metric)[2][start : start + len(found)]
    return np.where(found >= 0, np.take_along_axis(distances, found, axis=1), np.inf)


def score(found, among, metric, start=0):
    """The recall (n, k) of neighbors: whether each is as near as the true k-th of the rows ``among`` (N,) bool."""
    distances = everything(metric)[2][start : start + len(found), : len(among)]
    bound = np.sort(np.where(among, distances, np.inf), axis=1)[:, found.shape[1] - 1]
    return (apart(found, metric, start) <= bound[:, None] + 1e-4).mean()


def check(neighbors, distances, among, metric, exact_distances, start=0):
    """Nothing is found twice or is not ``among`` these rows; those that are missing come last, infinitely far."""
    assert neighbors.max() < len(among) and among[neighbors[neighbors >= 0]].all()
    for found in neighbors:
        there = found[found >= 0]
        assert len(set(there.tolist())) == len(there)
        assert (found[len(there) :] == -1).all(), "those that are missing come last"
    if exact_distances:
        given = -distances if metric == "inner_product" else distances
        np.testing.assert_allclose(given, apart(neighbors, metric, start), atol=5e-4)


def know(index):
    """What the harness tells an index that is to filter by attributes."""
    if index.filters == "attributes":
        index.know(ATTRIBUTES)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A function that gives a build as the harness searches in it: saved, and loaded by another; one of each."""
    folder, there = tmp_path_factory.mktemp("abilities"), {}

    def load(name, build, search, metric):
        key = name, build, metric
        if key not in there:
            path = folder / str(len(there))
            filled(name, build, metric, ready=know).save(path)
            there[key] = new(name, build, metric)
            know(there[key])
            there[key].load(path)
        there[key].set_threads(1)
        there[key].tune(**search)
        return there[key]

    return load


def find_passing(index, condition, queries, k):
    """What is found among the rows that fulfil a condition, with distances in the metric's units."""
    neighbors, distances = index.find_passing(queries, k, index.passing(condition, CONDITIONS[condition]))
    return neighbors.astype(np.int64), None if distances is None else index.in_metric(distances)


@over_filters
def test_what_it_finds_passes(name, build, search, metric, searched):
    index, queries = searched(name, build, search, metric), rows(metric)[1]
    for condition, passing in CONDITIONS.items():
        for asked, k in ((queries, K), (queries[:1], K), (queries[:2], 1), (queries[:2], COUNT + 5)):
            neighbors, distances = find_passing(index, condition, asked, k)
            assert neighbors.shape == (len(asked), k)
            check(neighbors, distances, passing, metric, index.exact_distances)


@over_filters
def test_among_half_of_the_rows_it_finds_the_nearest(name, build, search, metric, searched):
    found = find_passing(searched(name, build, search, metric), HALF, rows(metric)[1], K)[0]
    assert score(found, CONDITIONS[HALF], metric) >= RECALL - 0.05


@over_filters
def test_where_all_rows_pass_it_finds_what_it_finds_without(name, build, search, metric, searched):
    index, queries = searched(name, build, search, metric), rows(metric)[1]
    found = find_passing(index, EVERYTHING, queries, K)[0]
    assert np.isclose(apart(found, metric), apart(index.search(queries, K)[0], metric), atol=1e-3).mean() > 0.99


@over_filters
def test_all_filtered_answers_are_of_one_kind(name, build, search, metric, searched):
    """Single queries' answers are joined as bytes, those with and those without missing neighbors."""
    index, query, kinds = searched(name, build, search, metric), rows(metric)[1][:1], set()
    for condition, passing in CONDITIONS.items():
        neighbors, distances = index.find_passing(query, K, index.passing(condition, passing))
        kinds.add((neighbors.dtype.itemsize, None if distances is None else distances.dtype))
    assert len(kinds) == 1


def in_range(index, queries, radius):
    """Which pairs (n, COUNT) are found, after what holds for every answer."""
    ends, ids = index.find_within(queries, radius)
    assert ends.shape == (len(queries) + 1,) and ends[0] == 0 and ends[-1] == len(ids) and (np.diff(ends) >= 0).all()
    assert np.issubdtype(ends.dtype, np.integer) and np.issubdtype(ids.dtype, np.integer)
    found = np.zeros((len(queries), COUNT), int)
    np.add.at(found, (np.repeat(np.arange(len(queries)), np.diff(ends)), ids), 1)
    assert found.max() <= 1 and (not len(ids) or ids.min() >= 0), "nothing is found twice"
    return found == 1


@over_ranges
def test_it_finds_what_is_in_range(name, build, search, metric, searched):
    index, queries, true = (
        searched(name, build, search, metric),
        rows(metric)[1],
        everything(metric)[2][:QUERIES, :COUNT],
    )
    for rank in (5, 30):  # some queries have none so near, others many
        edge = float(np.median(np.sort(true, axis=1)[:, rank]))
        radius, slack = -edge if metric == "inner_product" else edge, 1e-4 * max(1.0, abs(edge))
        found = in_range(index, queries, radius)
        sure = true <= edge - slack * (metric != "hamming")
        assert (found & sure).sum() >= (RECALL if index.exact_distances else RECALL - 0.2) * sure.sum()
        for some in (found, in_range(index, queries[:1], radius)):
            assert not index.exact_distances or not (some & (true[: len(some)] > edge + slack)).any()


@over_ranges
def test_a_range_with_nothing_and_one_with_everything_in_it(name, build, search, metric, searched):
    index, queries, true = (
        searched(name, build, search, metric),
        rows(metric)[1],
        everything(metric)[2][:QUERIES, :COUNT],
    )
    sign = -1 if metric == "inner_product" else 1
    assert in_range(index, queries, float(sign * true.max() + sign)).sum() >= QUERIES * K
    none = true.min() + (true.min() if metric == "inner_product" else -1 if metric == "hamming" else -true.min() / 2)
    if index.exact_distances and sign * none >= 0:
        assert not in_range(index, queries, float(sign * none)).any()
        assert not in_range(index, queries[:1], float(sign * none)).any()


def changing(name, build, search, metric, first=COUNT):
    """A build that has been told to expect changes, with its ``first`` rows and room for more; who is in (first,)."""
    index = filled(name, build, metric, ready=lambda index: index.expect_changes(), first=first, count=COUNT + MORE)
    index.tune(**search)
    return index, np.ones(first, bool)


def later_score(index, alive, metric, start=0, queries=QUERIES):
    """The recall among the rows that are ``alive``, of queries from ``start`` on."""
    neighbors, distances = index.search(everything(metric)[1][start : start + queries], K)
    assert neighbors.shape == (queries, K)
    check(neighbors, distances, alive, metric, index.exact_distances, start)
    return score(neighbors, alive, metric, start)


@over_changes
def test_rows_that_come_later_are_found(name, build, search, metric):
    half = COUNT // 2
    index, alive = changing(name, build, search, metric, first=half)
    gallery = everything(metric)[0]
    assert later_score(index, alive, metric) >= RECALL
    for block in (gallery[half : half + 1], gallery[half + 1 : COUNT], gallery[COUNT:]):
        index.add(block)
        alive = np.ones(len(alive) + len(block), bool)
        assert later_score(index, alive, metric) >= RECALL


@over_changes
def test_rows_that_are_removed_never_come_back(name, build, search, metric):
    index, alive = changing(name, build, search, metric)
    for part in np.array_split(np.random.default_rng(1).permutation(COUNT)[: COUNT // 2], 4):
        index.remove(part)
        alive[part] = False
        assert later_score(index, alive, metric) >= RECALL - 0.05
    for _ in range(3):
        nearest = index.search(rows(metric)[1][:1], 1)[0][0]
        index.remove(nearest)
        alive[nearest] = False
        assert later_score(index, alive, metric, queries=1) >= 0.5


@over_changes
def test_removed_and_added_again_they_have_new_numbers(name, build, search, metric):
    index, alive = changing(name, build, search, metric)
    index.remove(np.arange(MORE))
    index.add(everything(metric)[0][COUNT:])
    alive = np.arange(COUNT + MORE) >= MORE
    assert later_score(index, alive, metric) >= RECALL - 0.05
    assert later_score(index, alive, metric, start=QUERIES, queries=MORE) >= RECALL - 0.05
    index.remove(np.arange(COUNT, COUNT + MORE))
    alive[COUNT:] = False
    assert later_score(index, alive, metric) >= RECALL - 0.05


@over_changes
def test_when_all_are_removed_nothing_is_found_until_others_come(name, build, search, metric):
    index, alive = changing(name, build, search, metric)
    for part in (np.arange(COUNT - 3), np.arange(COUNT - 3, COUNT)):
        index.remove(part)
        alive[part] = False
        for queries in (QUERIES, 1):
            later_score(index, alive, metric, queries=queries)
    index.add(everything(metric)[0][COUNT:])
    assert later_score(index, np.arange(COUNT + MORE) >= COUNT, metric) >= RECALL - 0.05


@over_shared
def test_several_threads_may_ask_one_index_at_once(name, build, search, metric, searched):
    index, queries = searched(name, build, search, metric), rows(metric)[1]
    alone = apart(index.search(queries, K)[0], metric)
    calls = [queries[row : row + 1] for row in range(QUERIES)] * 4
    with ThreadPoolExecutor(4) as threads:
        found = np.concatenate([answer[0] for answer in threads.map(lambda query: index.search(query, K), calls)])
    for together in np.split(found, 4):
        np.testing.assert_allclose(apart(together, metric), alone, atol=1e-3)
