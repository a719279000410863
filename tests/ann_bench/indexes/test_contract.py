"""What every index promises, over all of them by name; a new index joins with a small build in small_indexes.BUILDS."""

import subprocess

import numpy as np
import pytest
from small_indexes import COUNT, DIM, EXACT, QUERIES, RECALL, K, cases, filled, new, recall, rows, true_distances

from ann_bench import indexes
from datasets.errors import InputError


@pytest.mark.parametrize("name", indexes.names())
def test_it_takes_the_rows_of_its_metrics_and_no_others(name):
    index = indexes.get(name).Index
    assert set(index.dtypes) == {rows(metric)[0].dtype.name for metric in index.metrics}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A function that gives the file of a build, which is made only once."""
    folder, there = tmp_path_factory.mktemp("indexes"), {}

    def save(name, build, metric, blocks=1):
        key = name, build, metric, blocks
        if key not in there:
            there[key] = folder / str(len(there))
            filled(*key).save(there[key])
        return there[key]

    return save


@pytest.fixture
def loaded(saved):
    """A function that gives a build as the harness searches in it: saved, and loaded by another index."""

    def load(name, build, metric, blocks=1):
        index = new(name, build, metric)
        index.load(saved(name, build, metric, blocks))
        index.set_threads(1)
        return index

    return load


over_all = pytest.mark.parametrize("name, build, search, metric", list(cases()))


@over_all
def test_it_finds_the_nearest(name, build, search, metric, loaded):
    gallery, queries = rows(metric)
    index = loaded(name, build, metric)
    index.search(queries[:1], K)  # before any tune
    index.tune(**search)
    neighbors, distances = index.search(queries, K)
    assert neighbors.shape == (QUERIES, K) and neighbors.dtype == np.int64
    assert neighbors.max() < COUNT and neighbors.min() >= 0
    assert all(len(set(found)) == K for found in neighbors.tolist())
    score = recall(queries, gallery, neighbors, metric)
    assert score == 1 if name in EXACT else score >= RECALL
    if index.exact_distances:
        assert distances.shape == (QUERIES, K) and distances.dtype == np.float32
        np.testing.assert_allclose(distances, true_distances(queries, gallery, neighbors, metric), atol=2e-4)
        assert (np.diff(distances, axis=1) * (-1 if metric == "inner_product" else 1) >= 0).all()


@over_all
def test_all_answers_are_of_one_kind(name, build, search, metric, loaded):
    """Single queries' answers are joined as bytes, those with and those without missing neighbors."""
    gallery, queries = rows(metric)
    index = loaded(name, build, metric)
    index.tune(**search)
    kinds = set()
    for k in (K, COUNT + 5):
        neighbors, distances = index.find(queries[:1], k)
        kinds.add((neighbors.dtype.itemsize, None if distances is None else distances.dtype))
    assert len(kinds) == 1


@over_all
def test_one_query_at_a_time_and_on_two_threads_it_finds_the_same(name, build, search, metric, loaded):
    gallery, queries = rows(metric)
    index = loaded(name, build, metric)
    index.tune(**search)
    together = index.search(queries, K)[0]
    single = np.concatenate([index.search(queries[row : row + 1], K)[0] for row in range(QUERIES)])
    index.set_threads(2)
    threaded = index.search(queries, K)[0]
    for other in (single, threaded):  # in any order where distances tie
        measured = [true_distances(queries, gallery, found, metric) for found in (together, other)]
        np.testing.assert_allclose(*measured, atol=1e-3)


@over_all
def test_added_in_blocks_it_finds_the_same(name, build, search, metric, loaded):
    if not new(name, build, metric).in_blocks:
        pytest.skip("takes all rows at once")
    gallery, queries = rows(metric)
    measured = []
    for index in (loaded(name, build, metric, blocks) for blocks in (1, 3)):
        index.tune(**search)
        measured.append(true_distances(queries, gallery, index.search(queries, K)[0], metric))
    assert np.isclose(*measured, atol=1e-4).mean() > 0.99  # a graph may meet equal rows in another order


@over_all
def test_asked_for_more_than_there_are_it_fills_up_with_none(name, build, search, metric, loaded):
    gallery, queries = rows(metric)
    index = loaded(name, build, metric)
    index.tune(**search)
    for k in (COUNT - 1, COUNT + 5):
        neighbors, distances = index.search(queries[:3], k)
        assert neighbors.shape == (3, k) and neighbors.max() < COUNT and neighbors.min() >= -1
        for found in neighbors:
            there = found[found >= 0]
            assert len(set(there.tolist())) == len(there) >= K
            assert (found[len(there) :] == -1).all(), "those that are missing come last"
        if index.exact_distances:
            far = -np.inf if metric == "inner_product" else np.inf
            assert ((distances == far) == (neighbors < 0)).all() and distances.dtype == np.float32


@over_all
def test_the_lines_that_serve_it_find_what_it_finds(name, build, search, metric, saved, loaded, tmp_path):
    gallery, queries = rows(metric)
    path = saved(name, build, metric)
    index = loaded(name, build, metric)
    index.tune(**search)
    here, lines = index.search(queries, K)[0], index.serving(path, search, K)
    del index  # some open their files for one process only
    served = run_lines(name, lines, queries, tmp_path)
    assert served.shape == (QUERIES, K)
    measured = [true_distances(queries, gallery, found, metric) for found in (here, served)]
    np.testing.assert_allclose(*measured, atol=1e-3)  # in any order where distances tie


def run_lines(name, lines, queries, folder):
    """The rows that lines of Python find: in this process, or by the Python of the library's own environment."""
    place = getattr(indexes.get(name), "PLACE", None)
    if place is None or "ann_bench" in lines:
        names = {"queries": queries}
        exec(lines, names)
        return np.array(names["rows"]).astype(np.int64)
    np.save(folder / "queries.npy", queries)
    read, write = (
        f"import numpy; queries = numpy.load({str(folder / 'queries.npy')!r})",
        f"{str(folder / 'rows.npy')!r}",
    )
    subprocess.run([place.python, "-c", f"{read}\n{lines}\nnumpy.save({write}, rows)"], check=True)
    return np.load(folder / "rows.npy").astype(np.int64)


@over_all
def test_the_estimate_is_near_the_saved_size(name, build, search, metric, saved):
    expected, path = new(name, build, metric).estimate(), saved(name, build, metric)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    assert 0.5 < expected.disk / sum(file.stat().st_size for file in files) < 2
    assert expected.memory > 0 and expected.work > 0


@over_all
def test_what_it_does_not_know_is_one_line(name, build, search, metric):
    with pytest.raises(InputError, match="--build=no_such_thing=3"):
        new(name, "no_such_thing=3", metric)
    with pytest.raises(InputError, match="cannot search by jaccard"):
        new(name, build, "jaccard")
    index = new(name, build, metric)
    with pytest.raises(InputError, match="--search=no_such_thing=3"):
        index.check_search({"no_such_thing": 3})
    for parameter, least in index.tunes.items():
        index.check_search({parameter: least})
        for value in (least - 1, 1.5, 10**12) if isinstance(least, int) else (least - 1,):
            with pytest.raises(InputError, match=f"--search={parameter}="):
                index.check_search({parameter: value})
    if not index.on_gpus:
        with pytest.raises(InputError, match="--gpus"):
            indexes.get(name).Index(build, dim=DIM, metric=metric, count=COUNT, gpus=(0,))


@pytest.mark.parametrize(
    "name, metric", [(name, metric) for name in indexes.names() for metric in indexes.get(name).Index.metrics]
)
@pytest.mark.parametrize("dim", (16, 96, 128, 960))
def test_default_grids_can_be_built_and_searched(name, metric, dim):
    for count in (1000, 20_000, 100_000, 1_000_000, 10_000_000, 1_000_000_000):
        grids = indexes.get(name).grids(count, dim, metric)
        assert grids and len({grid.build for grid in grids}) == len(grids)
        for grid in grids:
            index = new(name, grid.build, metric, count, dim)
            assert index.estimate().disk > 0
            assert index.training_rows <= count
            for point in grid.points():
                index.check_search(point)
