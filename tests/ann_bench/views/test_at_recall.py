"""The fastest of each index at a recall: by a plain look through all points."""

import pytest

from ann_bench.results import points
from ann_bench.views import at_recall, table
from datasets.errors import InputError


def test_each_index_has_its_fastest_point_or_none(measured_folder):
    rows = points.load(measured_folder, mode="single").rows
    for recall in (0.5, 0.9, 0.99, 1.0):
        found = at_recall.fastest(rows, recall)
        for index in {row["index"] for row in rows}:
            reaching = [row["qps"] for row in rows if row["index"] == index and points.recall(row) >= recall]
            assert found.get(index, {"qps": None})["qps"] == max(reaching, default=None)
        assert [row["qps"] for row in found.values()] == sorted((row["qps"] for row in found.values()), reverse=True)


def test_a_line_an_index_and_a_dash_where_it_does_not_reach(measured_folder):
    rows = points.load(measured_folder, mode="single").rows
    head, names, *lines = at_recall.render(rows, (0.5, 1.0)).splitlines()
    assert head.endswith("one query at a time, 1 thread") and names.split()[:3] == ["index", "QPS", "at"]
    assert sorted(line.split()[0] for line in lines) == sorted({row["index"] for row in rows})
    for line in lines:
        of_index = [row for row in rows if row["index"] == line.split()[0]]
        assert ("-" in line.split()[1:4]) == (max(map(points.recall, of_index)) < 1)


@pytest.mark.parametrize("text", ("much", "0", "1.1", "0.9;0.95"))
def test_what_is_no_recall_is_one_line(text, measured_folder):
    with pytest.raises(InputError, match=f"--at={text}: must be recalls"):
        table.main(table.TableOptions(out=measured_folder, at=text))


def test_the_command_prints_it(measured_folder, capsys):
    table.main(table.TableOptions(out=measured_folder, at="0.9,0.95"))
    assert "QPS at 0.9  " in capsys.readouterr().out
