"""The canvas: scales along either axis, links, the same bytes each time, and a folder that cannot be written."""

import re

import numpy as np
import pytest

from ann_bench.drawing import canvas
from ann_bench.results.families import Style
from datasets.errors import InputError


def test_recall_is_stretched_and_can_be_undone():
    recalls = np.array([0, 0.2, 0.5, 0.9, 0.99, 0.999, 1])
    places = canvas.stretch(recalls)
    assert canvas.unstretch(places) == pytest.approx(recalls)
    assert (np.diff(places) > 0).all() and places[0] == pytest.approx(0, abs=1e-3) and places[-1] == pytest.approx(3)
    assert places[4] - places[3] == pytest.approx(1, abs=0.05)


def drawn(made, along="x"):
    rows = [made(recall=recall).row | {"place": place} for place, recall in enumerate((0.5, 0.99))]
    figure, axes = canvas.begin(rows, "Recall and $x")
    places = ([0.5, 0.99], [10, 2000])
    canvas.dots(axes, places if along == "x" else places[::-1], rows, Style("#3557d6", "o"), label="a_$b")
    canvas.recall_scale(axes, (0.5, 0.99), "recall", along=along)
    canvas.log_scale(axes, "queries a second", along="y" if along == "x" else "x")
    canvas.finish(axes, legend="best first", better="better")
    return figure, axes


@pytest.mark.parametrize("along, other", ["xy", "yx"])
def test_either_axis_can_be_of_recall(made, along, other):
    figure, axes = drawn(made, along)
    figure.draw_without_rendering()
    assert getattr(axes, f"get_{along}label")() == "recall, stretched towards 1"
    low, high = getattr(axes, f"get_{along}lim")()
    assert 0.3 < low < 0.4 and high == 1
    low, high = getattr(axes, f"get_{other}lim")()
    assert low < 10 and high > 2000 and getattr(axes, f"get_{other}scale")() == "log"


def test_the_same_figures_give_the_same_bytes_and_links(made, tmp_path):
    first = canvas.save({"a": drawn(made)[0], "b": drawn(made, "y")[0]}, tmp_path / "first")
    again = canvas.save({"a": drawn(made)[0], "b": drawn(made, "y")[0]}, tmp_path / "again")
    assert [path.name for path in first] == ["a.svg", "a.png", "b.svg", "b.png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert re.findall(r'xlink:href="#p(\d+)"', first[0].read_text()) == ["0", "1"]


def test_a_folder_that_cannot_be_written(made, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the pictures cannot be written there"):
        canvas.save({"a": drawn(made)[0]}, tmp_path / "file" / "plots")
