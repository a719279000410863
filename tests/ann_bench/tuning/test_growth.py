"""Growth: a prediction is held against what was measured, at the recall and at the parameters that it speaks of."""

import math

import pytest

from ann_bench.results import results
from ann_bench.results.extrapolate import grow
from ann_bench.tuning import growth
from ann_bench.tuning.growth import GrowthOptions
from datasets.errors import InputError


@pytest.fixture
def folder(tmp_path, made):
    """Two sizes of one set, as a graph, lists and a scan."""
    for rows, name, slower in ((10_000, "set-10000", 1), (100_000, "set", 3)):
        about = {"gallery": rows, "data": name, "index_bytes": 520 * rows}
        for ef, recall in ((10, 0.8), (40, 0.95), (160, 0.99)):
            search, fast = {"ef": ef}, {"qps": 1e5 / ef / slower, "recall": recall}
            results.write(tmp_path, made("M=16", index="hnswlib", search=search, **fast, **about))
        lists = "IVF512,Flat" if rows == 10_000 else "IVF1024,Flat"
        for probes, recall in ((4, 0.9), (16, 0.96), (64, 0.995)):
            search, fast = {"nprobe": probes}, {"qps": 2e4 / probes / slower, "recall": recall}
            results.write(tmp_path, made(lists, search=search, **fast, **about))
        results.write(tmp_path, made("Flat", index="flat", search={}, qps=1e7 / rows, recall=1.0, **about))
    return tmp_path


def compared(folder, recall=0.95):
    (small, large), = growth.pairs(GrowthOptions(out=folder))  # fmt: skip
    return {one.row["index"]: one for one in growth.compare(small, large, recall=recall)}


def test_qps_are_compared_at_the_recall_that_was_measured(folder):
    found = compared(folder)
    assert found["hnswlib"].qps == pytest.approx(1e5 / 40 / 3)  # its recall, 0.95, was measured in both
    assert found["flat"].qps == pytest.approx(100) and found["flat"].grown.qps == pytest.approx(100)
    assert found["faiss_float"].row["search"] == "nprobe=16"


def test_the_recall_is_that_at_the_parameters_foretold(folder):
    one = compared(folder)["hnswlib"]
    ef = float(one.grown.search.partition("=")[2])
    share = (math.log(ef) - math.log(40)) / (math.log(160) - math.log(40))
    assert 40 < ef < 160 and one.recall == pytest.approx(0.95 + share * 0.04)
    assert 0.95 < compared(folder)["faiss_float"].recall < 0.96  # with 15 probes of twice the lists


def test_between_two_points_qps_are_on_a_line_of_their_logarithms(made):
    front = [made(recall=0.9, qps=1000).row, made(recall=0.98, qps=10).row]
    assert growth.at_recall(front, 0.94) == pytest.approx(100)
    assert growth.at_recall(front, 0.99) is None and growth.at_recall(front, 0.5) == pytest.approx(1000)


def test_fewer_queries_hide_no_size(folder):
    for name, other in (("set-10000", "set-10000-q100"), ("set", "set-q100")):
        (folder / name).rename(folder / other)
    with pytest.raises(InputError) as error:
        growth.pairs(GrowthOptions(out=folder, k=99))
    assert "no two sizes" not in str(error.value)


def test_the_table_says_how_far_off_each_kind_is(folder, capsys):
    growth.main(GrowthOptions(out=folder))
    said = capsys.readouterr().out
    assert "from 10,000 vectors" in said and "IVF1024,Flat nprobe=" in said
    assert "scan: 1.00 to 1.00 times the foretold QPS, 1 of 1 in the interval" in said


def test_without_two_sizes_it_says_how_to_measure_them(folder, tmp_path):
    with pytest.raises(InputError, match="two sizes of one set; .*--rows=10000"):
        growth.main(GrowthOptions(out=folder / "set"))
    with pytest.raises(InputError, match="there is no such folder"):
        growth.main(GrowthOptions(out=folder / "nothere"))
    with pytest.raises(InputError, match="--recall=0"):
        growth.main(GrowthOptions(out=folder, recall=0))


def test_a_prediction_has_an_interval_that_widens(made):
    near, far = (grow(made(qps=1000).row, 100_000 * times) for times in (2, 100))
    assert near.qps_low < near.qps < near.qps_high
    assert far.qps_high / far.qps_low > near.qps_high / near.qps_low
