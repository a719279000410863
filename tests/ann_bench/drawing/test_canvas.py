"""The canvas: scales along either axis, links, the same bytes each time, and a folder that cannot be written."""

import re

import numpy as np
import pytest

from ann_bench.drawing import canvas, fronts
from ann_bench.results.families import Style
from ann_bench.streams import pictures
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


def test_so_many_names_as_a_legend_has_room_for():
    names = [f"index {number}" for number in range(40)]
    assert canvas.leading(names[:5]) == names[:5]
    assert canvas.leading(names, iter(["index 30", "index 20"]), most=4) == [names[0], names[1], names[20], names[30]]
    assert canvas.leading(names, names, most=3) == names[:3]


def texts_of(figure):
    """The places of the words in and beside a drawn picture, the names of rows too; of the whole, and of the axes."""
    figure.draw_without_rendering()
    (axes, *_) = figure.axes
    legend = axes.get_legend()
    words = [*axes.texts, *(legend.get_texts() if legend else axes.get_yticklabels())]
    return [word.get_window_extent() for word in words if word.get_text().strip()], figure.bbox, axes.bbox


def test_forty_families_leave_a_picture_its_place(made, tmp_path, monkeypatch):
    monkeypatch.setattr(canvas, "save", lambda figures, folder: list(figures.values()))
    letters = [one + other for one in "abcde" for other in "pqrstuvw"]
    rows = [made(f"{name},Flat", recall=0.9 + n / 500, qps=100 + n).row for n, name in enumerate(letters)]
    (figure,) = fronts.draw(rows, tmp_path, parts={"": rows}, title=lambda row: "a", dashed=lambda row: False,
                            kinds=("a", "b"))  # fmt: skip
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert len(labels) == canvas.NAMED + 1 and labels[0] == "faiss_float ew,Flat"
    assert labels[-1] == "24 more: see the table"
    places, whole, inner = texts_of(figure)
    assert all(place.y0 >= 0 and place.x1 <= whole.x1 for place in places)
    assert inner.height > 0.7 * whole.height and inner.width > 0.5 * whole.width


def test_the_best_of_all_is_named_however_low_its_recall(made, tmp_path, monkeypatch):
    monkeypatch.setattr(canvas, "save", lambda figures, folder: list(figures.values()))
    rows = [made(f"{name},Flat", recall=0.99, qps=100 + n).row for n, name in enumerate("abcdefghijklmnopqrst")]
    rows.append(made("quick,Flat", recall=0.5, qps=9000).row)
    (figure,) = fronts.draw(rows, tmp_path, parts={"": rows}, title=lambda row: "a", dashed=lambda row: False,
                            kinds=("a", "b"))  # fmt: skip
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert "faiss_float quick,Flat" in labels and labels[-1] == "5 more: see the table"


def stream(made, number):
    """A row of a stream of three steps."""
    index, way = (f"library{number % 5}", ("removes", "built anew")[number % 2])
    row = made(f"HNSW{number},efConstruction=100", index=index, recall=0.99 - number / 100).row
    series = {"recall": np.array([np.nan, 0.9, 0.8]), "qps": np.array([np.nan, 9.0, 10.0])}
    series |= {"memory": np.full(3, 1e6), "alive": np.array([5, 9, 7])}
    rates = {"inserts_per_second": 922_000.0, "deletes_per_second": 1_860_000.0, "writes_per_second": 1_210_000.0}
    return {**row, **rates, "track": "stream", "case": "book", "way": way, "last recall": 0.99 - number / 100,
            "series": series}  # fmt: skip


def test_streams_of_many_builds_can_be_read(made, tmp_path, monkeypatch):
    monkeypatch.setattr(canvas, "save", lambda figures, folder: figures)
    drawn_figures = pictures.draw([stream(made, number) for number in range(30)], tmp_path)
    assert len(drawn_figures) == 4
    for name, figure in drawn_figures.items():
        places, whole, inner = texts_of(figure)
        assert inner.width > 0.3 * whole.width and inner.height > 0.6 * whole.height, name
        assert all(place.y0 >= 0 and place.x1 <= whole.x1 and place.x0 >= 0 for place in places), name
        covered = [(one, other) for n, one in enumerate(places) for other in places[:n] if one.overlaps(other)]
        assert not covered, name
        if name != "writes-book":
            labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
            assert len({label.partition("\n")[0] for label in labels[:-1]}) == 10, "the best of each index and way"
            assert labels[-1] == "20 more: see the table"
