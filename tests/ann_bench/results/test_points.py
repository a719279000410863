"""Rows: picking one dataset out of a folder, and the Pareto front against the definition."""

from dataclasses import replace

import numpy as np
import pytest

from ann_bench.results import results
from ann_bench.results.points import better, by_conditions, conditions, equals, front, load, pareto, recall
from datasets.errors import InputError


def slow_pareto(xs, ys) -> set[tuple[float, float]]:
    points = list(zip(xs, ys, strict=True))

    def beaten(x, y):
        return any((a >= x and b > y) or (a > x and b >= y) for a, b in points)

    return {(x, y) for x, y in points if not beaten(x, y)}


@pytest.mark.parametrize("seed", range(20))
def test_pareto_is_what_no_other_point_beats(seed):
    rng = np.random.default_rng(seed)
    xs, ys = rng.integers(0, 12, size=(2, 60)).astype(float)  # with many equal ones
    places = pareto(xs, ys)
    assert {(xs[place], ys[place]) for place in places} == slow_pareto(xs, ys)
    assert (np.diff(xs[places]) > 0).all() and (np.diff(ys[places]) < 0).all()


def test_pareto_of_equal_points_is_the_first():
    assert pareto([1, 1, 1], [2, 2, 2]).tolist() == [0]
    assert pareto([], []).tolist() == []


def test_front_goes_from_low_recall_to_high(made):
    rows = [made(recall=recall, qps=qps).row for recall, qps in ((0.9, 50), (0.5, 900), (0.8, 40), (0.7, 100))]
    assert [row["k-recall@10"] for row in front(rows)] == [0.5, 0.7, 0.9]


@pytest.mark.parametrize("seed", range(5))
def test_equals_of_the_front_are_what_no_other_beats_clearly(seed, made):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(40):
        found, fast, wide = rng.integers(5, 10) / 10, float(rng.integers(1, 9)), rng.random() * 0.1
        ends = {"k-recall@10 low": found - wide, "k-recall@10 high": found + wide}
        runs = np.array([1, 1 + rng.random() * 0.3]) * 20 / fast
        rows.append(replace(made(recall=found, qps=fast, **ends), seconds=runs).row)
    best, beside = front(rows), equals(rows)
    kept = {id(row) for row in (*best, *beside)}
    assert beside and len(kept) == len(best) + len(beside) < len(rows)
    assert [recall(row) for row in beside] == sorted(map(recall, beside))
    for row in rows:
        beaten = any(better(one, row) for one in rows)
        assert beaten == (id(row) not in kept)
        assert not beaten or any(
            one["qps"] >= row["qps"] and recall(one) >= recall(row) for one in rows if id(one) in kept
        )
    assert equals([]) == []


def test_conditions_are_kept_apart(made):
    rows = [made(mode=mode, threads=threads).row for mode, threads in (("batch", 2), ("single", 1), ("batch", 1))]
    found = by_conditions(rows)
    assert list(found) == [("single", 1), ("batch", 1), ("batch", 2)]
    assert [conditions(part[0]) for part in found.values()] == [
        "one query at a time, 1 thread",
        "all queries in one call, 1 thread",
        "all queries in one call, 2 threads",
    ]


def test_load_the_only_dataset(measured_folder):
    found = load(measured_folder)
    assert (found.data, found.k, len(found.rows), len(found.failures)) == ("photo_sift", 10, 32, 2)
    assert {row["mode"] for row in load(measured_folder, mode="batch").rows} == {"batch"}


def test_load_asks_which_one(measured_folder, made):
    results.write(measured_folder, made(data="glyphs"))
    with pytest.raises(InputError, match="--data: say which one; .* glyphs, photo_sift"):
        load(measured_folder)
    assert len(load(measured_folder, data="glyphs").rows) == 1
    with pytest.raises(InputError, match="--data=sift: not among .* glyphs, photo_sift"):
        load(measured_folder, data="sift")
    results.write(measured_folder, made(data="glyphs", k=100, **{"k-recall@100": 0.5}))
    with pytest.raises(InputError, match="--k: say which one; .* 10, 100"):
        load(measured_folder, data="glyphs")
    assert load(measured_folder, data="glyphs", k=100).k == 100


def test_points_held_against_another_truth_are_left_out(tmp_path, made):
    for truth, time in (("", "2026-01-01T00:00:00"), ("1a2b3c4d", "2026-01-02T00:00:00")):
        found = made(truth=truth, measured=time)
        results.write(tmp_path, found)
        results.write_failure(tmp_path, results.Failure(replace(found.point, build="HNSW32"), "build", "hang"))
    found = load(tmp_path)
    assert [row["truth"] for row in found.rows] == ["1a2b3c4d"]
    assert [failure.point.truth for failure in found.failures] == ["1a2b3c4d"]


def test_points_of_other_vectors_under_the_same_name_are_left_out(tmp_path, made):
    for fingerprint, time in (("old", "2026-01-01T00:00:00"), ("new", "2026-01-02T00:00:00")):
        results.write(tmp_path, made(f"IVF{time[9]},Flat", fingerprint=fingerprint, measured=time))
    assert [row["fingerprint"] for row in load(tmp_path).rows] == ["new"]


def test_of_what_was_asked_under_one_name_the_last_counts(tmp_path, made):
    for build, case, asked, day in (("A", "y", "x<2", 1), ("B", "y", "x<90", 2), ("C", "z", "x<2", 1)):
        found = made(build, measured=f"2026-01-0{day}T00:00:00")
        point = replace(found.point, track="filter", case=case, asked=asked)
        results.write(tmp_path, replace(found, point=point))
    assert {row["build"] for row in load(tmp_path / "filter").rows} == {"B", "C"}


def test_names_that_a_pattern_reads_in_another_way(tmp_path, made):
    for name in ("base[1]", "base1"):
        results.write(tmp_path, made(data=name))
    assert [row["data"] for row in load(tmp_path, data="base[1]").rows] == ["base[1]"]


def test_folders_that_are_no_results_of_ours(measured_folder):
    (path, *_) = measured_folder.glob("*/*/*/*.hdf5")
    for part in ("photo_sift/best", "photo_sift/0010"):
        (measured_folder / part / "flat").mkdir(parents=True)
        (measured_folder / part / "flat" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="--k: say which one; .* 10"):
        load(measured_folder)
    assert len(load(measured_folder, k=10).rows) == 32
    for place in measured_folder.glob("photo_sift/10/*/*"):
        place.unlink()
    with pytest.raises(InputError, match="--data=photo_sift: .*10 holds no points"):
        load(measured_folder)


def test_nothing_there(tmp_path, measured_folder):
    with pytest.raises(InputError, match="there are no results; python -m ann_bench run"):
        load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="unknown mode 'batsh': did you mean batch"):
        load(measured_folder, mode="batsh")
