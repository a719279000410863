"""The plots: a picture for every mode, every family in its colour, every point a link, the same bytes each time."""

import re

import cv2
import numpy as np
import pytest

from ann_bench.results import families
from ann_bench.results.points import family, load
from ann_bench.views import plot
from datasets.errors import InputError


def test_pictures_of_every_kind(drawn):
    names = ["recall-qps-single", "recall-qps-batch-2", "recall-memory", "recall-build"]
    assert [path.name for path in drawn[1]] == [name + suffix for name in names for suffix in (".svg", ".png")]


def test_every_family_is_seen_in_its_colour(drawn):
    rows, paths = drawn[0].rows, drawn[1]
    styles = families.styles(map(family, rows))
    assert len(styles) == 8
    for path in paths:
        if path.suffix == ".png":
            image = cv2.imread(str(path))[:, :, ::-1].astype(int)
            assert image.shape == (900, 1650, 3)
            for style in styles.values():
                rgb = [int(style.colour[place : place + 2], 16) for place in (1, 3, 5)]
                assert (np.abs(image - rgb).max(axis=2) < 6).sum() > 40, (path.name, style)


def test_every_point_links_to_its_row(drawn):
    rows, paths = drawn[0].rows, drawn[1]
    links = {int(place) for place in re.findall(r'xlink:href="#p(\d+)"', paths[0].read_text())}
    assert links == {place for place, row in enumerate(rows) if row["mode"] == "single"}


def test_the_same_rows_give_the_same_bytes(made, tmp_path):
    rows = [{**made().row, "build_seconds": None, "bytes_per_vector": None}]
    first, again = plot.draw(rows, tmp_path / "first"), plot.draw(rows, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in first]


def test_what_is_not_known_is_not_drawn(tmp_path, made):
    rows = [
        {**made(index="flat", build="Flat", recall=1.0).row, "build_seconds": None, "bytes_per_vector": 0.0, "cpu": ""}
    ]
    assert [path.name for path in plot.draw(rows, tmp_path)] == ["recall-qps-single.svg", "recall-qps-single.png"]


@pytest.mark.parametrize("recalls", [(0.0,), (1.0, 1.0), (0.0, 0.03, 1.0), (0.991, 0.9991)])
def test_any_recall_can_be_drawn(made, recalls):
    rows = [made("$x_1$ and $", recall=recall, qps=10 ** (3 * recall), metric="hamming").row for recall in recalls]
    numbered = [{**row, "place": place} for place, row in enumerate(rows)]
    style = families.styles(map(family, rows))
    for figure in (plot._speed(numbered, style), plot._cost(numbered, style, "bytes_per_vector", "bytes")):
        figure.draw_without_rendering()
        low, high = figure.axes[0].get_ylim()
        assert high / low > 1.5


def test_of_many_families_the_best_are_named_and_the_others_pale(made):
    letters = [one + other for one in "abcde" for other in "pqrst"]
    rows = [made(f"{name},Flat", recall=0.99, qps=100 + n).row for n, name in enumerate(letters)]
    rows.append(made("quick,Flat", recall=0.5, qps=9000).row)
    style = families.styles(map(family, rows))
    for figure in (plot._speed(rows, style), plot._cost(rows, style, "build_seconds", "seconds")):
        labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert "10 more: see the table" in labels and len(labels) <= 19
        assert ("faiss_float quick,Flat" in labels) == ("the best of all" in labels), "it is on the front of all"


def test_legend_goes_from_the_best_at_a_good_recall(made):
    known = {"a": (0.95, 100), "b": (0.92, 200), "c": (0.85, 900), "d": (0.5, 9000)}
    rows = [made(f"{name},Flat", recall=recall, qps=qps).row for name, (recall, qps) in known.items()]
    ordered = [name for name, _ in plot._families(rows, lambda row: row["qps"])]
    assert ordered == [f"faiss_float {name},Flat" for name in "bacd"]


def test_command_writes_pictures_and_page(measured_folder, caplog):
    caplog.set_level("INFO")
    plot.main(plot.PlotOptions(out=measured_folder, mode="batch"))
    folder = measured_folder / "photo_sift" / "10" / "plots"
    assert caplog.messages == [f"16 points, 3 pictures: {folder / 'index.html'}"]
    assert len(list(folder.iterdir())) == 7


def test_a_folder_that_cannot_be_written(measured_folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the pictures cannot be written there"):
        plot.draw(load(measured_folder).rows[:2], tmp_path / "file" / "plots")
