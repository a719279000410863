"""A ready-made grid fits any set: what cannot be built on it is left out with a line, unless the command names it."""

from pathlib import Path

import numpy as np
import pytest

from ann_bench.options import RunOptions
from ann_bench.results import results
from ann_bench.sweep import builds, grid, run
from datasets.errors import InputError
from datasets.stored import formats
from datasets.vectors.base import VectorSet

SHORT = Path(__file__).resolve().parents[3] / "ann_bench" / "grids" / "short.yaml"
AT_128 = [
    ("flat", ""),
    ("faiss_float", "IVF64,Flat"),
    ("faiss_float", "IVF64,PQ64x4fs,RFlat"),
    ("faiss_float", "HNSW16"),
    ("faiss_binary", "ITQ128,BFlat,RFlat"),
    ("hnswlib", "M=16,ef_construction=100"),
    ("annoy", "trees=10"),
]


def short(count: int, dim: int, metric: str = "euclidean") -> tuple[list[tuple[str, str]], list[str]]:
    """What of the short grid can be built on such a set, and what is said of the rest."""
    rows = np.zeros((count, dim // 8 if metric == "hamming" else dim), np.uint8 if metric == "hamming" else np.float32)
    plan = grid.sized(grid.read(SHORT), count=count, dim=dim)
    fits, misfits = builds.that_fit(plan, RunOptions(), VectorSet("zeros", metric, rows, rows[:1]))
    return [(name, entry.build) for name, entry in fits], misfits


@pytest.mark.parametrize("count", [100_000, 2832])
def test_the_short_grid_is_what_it_was(count):
    assert short(count, 128) == (AT_128, [])


@pytest.mark.parametrize(
    ("count", "dim", "builds", "left_out"),
    [
        (3000, 32, {"IVF64,PQ16x4fs,RFlat", "ITQ32,BFlat,RFlat"}, []),
        (3000, 64, {"IVF64,PQ32x4fs,RFlat", "ITQ64,BFlat,RFlat"}, []),
        (3500, 3000, {"IVF64,PQ60x4fs,RFlat", "ITQ128,BFlat,RFlat"}, []),
        (3000, 3, {"IVF64,PQ1x4fs,RFlat"}, ["ITQ8,BFlat,RFlat: ITQ has no more than 3 bits"]),
        (50, 32, {"IVF14,Flat", "IVF14,PQ16x4fs,RFlat", "ITQ32,BFlat,RFlat"}, []),
        (50, 3000, {"IVF14,Flat"}, ["ITQ128,BFlat,RFlat: ITQ learns from no fewer rows than dimensions"]),
        (12, 128, {"IVF7,Flat"}, ["PQ64x4fs,RFlat: has 16 centroids to find", "ITQ learns from no fewer rows"]),
    ],
)
def test_the_short_grid_fits_any_set(count, dim, builds, left_out):
    fits, misfits = short(count, dim)
    assert builds <= {build for _, build in fits}
    assert len(fits) == len(AT_128) - len(left_out) and len(misfits) == len(left_out)
    assert all(words in line for words, line in zip(left_out, misfits, strict=True))


def test_what_cannot_search_by_the_metric_is_left_out():
    fits, misfits = short(100, 64, "hamming")
    assert fits == [("annoy", "trees=10")]
    assert misfits[0] == "flat: flat cannot search by hamming, only by euclidean, inner_product, angular"
    assert len(misfits) == 6 and not any("--build" in line or "\n" in line for line in misfits)


@pytest.fixture
def asked(tmp_path):
    """Options of a sweep of a small set by a grid with such a text."""
    formats.write(tmp_path / "base.fvecs", np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32))

    def options(text: str, **more) -> RunOptions:
        (tmp_path / "grid.yaml").write_text(text)
        given = {"data": str(tmp_path / "base.fvecs"), "out": tmp_path / "results", "runs": 1, "mode": "batch"}
        return RunOptions(**given | {"grid": tmp_path / "grid.yaml"} | more)

    return options


def test_what_does_not_fit_is_left_out_with_a_line_and_the_rest_is_measured(asked, capsys):
    options = asked("faiss_float: [{build: 'IVF64,Flat'}, {build: 'IVF4,PQ4'}, {build: 'HNSW8'}, {build: 'Flot'}]")
    run.main(options)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("left out of the grid: ")]
    reasons = (
        "64 centroids to find, but the gallery only 50 rows",
        "multiple of the number of subq",
        "could not parse",
    )
    for line, build, reason in zip(lines, ("IVF64,Flat", "IVF4,PQ4", "Flot"), reasons, strict=True):
        assert line.startswith(f"left out of the grid: faiss_float {build}: ") and reason in line
    assert [one.point.build for one in results.read_all(options.out)] == ["HNSW8"]


def test_nothing_left_is_one_error(asked):
    with pytest.raises(InputError, match=r"--grid=.*grid\.yaml: nothing in it can be built on base \(50 x 6, eucli"):
        run.main(asked("faiss_float: [{build: 'IVF64,Flat'}]"))


def test_what_the_command_line_names_is_an_error_still(asked):
    with pytest.raises(InputError, match="--build=IVF64,Flat: has 64 centroids"):
        run.main(asked("flat: [{}]", grid=None, index="faiss_float", build="HNSW8;IVF64,Flat"))


def test_a_search_parameter_that_there_is_not_is_a_mistake_in_the_file(asked):
    with pytest.raises(InputError, match=r"--grid=.*grid\.yaml: faiss_float IVF4,Flat: nprob=1: did you mean nprobe"):
        run.main(asked("faiss_float: [{build: 'IVF4,Flat', search: {nprob: 1}}]"))
