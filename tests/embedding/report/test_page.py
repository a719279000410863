"""The report: whole, self-contained, with the run's scores, in leave-one-out and of queries in a gallery."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored.vectors_file import save
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings
from embedding.evaluation.scores import evaluate
from embedding.report import page as report
from embedding.report.page import write_report

PICTURES = {"nearest.png", "map_images.png", "map_classes.png"}


def thumbnail(name: str) -> np.ndarray:
    return np.full((8, 8, 3), len(name) * 5, np.uint8)


def embeddings(count: int, *, seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    vectors = np.eye(4, 6)[labels] + 0.3 * rng.normal(size=(count, 6))
    return Embeddings(vectors.astype(np.float32), labels, tuple(f"{row}.jpg" for row in range(count)))


def vectors_file(folder: Path, gallery: Embeddings | None = None, **options) -> Path:
    options = {"name": "birds <& co>", "class_names": ("a", "b", "<i>", "$d$")} | options
    save(folder / "vectors.h5", from_embeddings(embeddings(40), gallery, **options))
    return folder / "vectors.h5"


def metrics_file(folder: Path, *lines: dict) -> Path:
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "metrics.jsonl"


def cells(page: str) -> list[list[str]]:
    """The score table as text, its head first."""
    table = page[page.index("<table>") : page.index("</table>")]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in table.split("<tr>")[1:]]
    return [[re.sub(r"<small>.*?</small>", "", cell) for cell in row] for row in rows]


def test_leave_one_out(tmp_path):
    page = write_report(vectors_file(tmp_path), tmp_path / "out" / "report", thumbnails=thumbnail)
    assert page == tmp_path / "out" / "report" / "index.html"
    assert {path.name for path in page.parent.iterdir()} == PICTURES | {"index.html"}
    text = page.read_text()
    scores = evaluate(embeddings(40), None)
    assert cells(text) == [["", *scores], ["vectors.h5", *(f"{100 * value:.1f}" for value in scores.values())]]
    assert "birds &lt;&amp; co&gt;" in text and "birds <" not in text
    assert "before the first epoch" not in text  # these are no vectors of a run
    assert "40 queries" in text and "4 classes" in text and "6 dimensions" in text and "among all the other" in text


def test_the_page_needs_nothing_beside_it(tmp_path):
    page = write_report(vectors_file(tmp_path), tmp_path / "report", thumbnails=thumbnail)
    sources = re.findall(r'(?:src|href)="([^"]*)"', page.read_text())
    assert len(sources) == 3 and "http" not in page.read_text()
    inside = {base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources}
    assert inside == {(page.parent / name).read_bytes() for name in PICTURES}
    assert all(png.startswith(b"\x89PNG") for png in inside)


def test_queries_against_a_gallery(tmp_path):
    gallery = embeddings(30, seed=1)
    part = Embeddings(
        gallery.vectors[gallery.labels > 0],
        gallery.labels[gallery.labels > 0],
        tuple(f"gallery/{i}.jpg" for i in range(22)),
    )
    path = vectors_file(tmp_path, part, attrs={"ks": [1, 5], "backbone": "resnet <18>"})
    text = write_report(path, tmp_path / "report", thumbnails=thumbnail).read_text()
    assert cells(text)[0] == ["", "recall@1", "recall@5", "map@r", "r-precision", "nmi"]
    assert "among 22 gallery images" in text
    assert "10 queries have no image of their class in the gallery" in text
    assert "resnet &lt;18&gt;" in text and "1, 5" in text


def test_the_scores_and_curves_of_the_run(tmp_path):
    lines = [{"kind": "epoch", "epoch": epoch, "loss": 1 / epoch, "images_per_second": 9.0} for epoch in (1, 2)]
    lines += [{"kind": "scores", "row": "untrained", "data": "birds", "recall@1": 0.25, "nmi": 0.125}]
    lines += [
        {"kind": "scores", "row": "last", "data": "birds", "recall@1": x, "recall@100": 0.999} for x in (0.1, 0.5)
    ]
    metrics = metrics_file(tmp_path, *lines)
    page = write_report(vectors_file(tmp_path), tmp_path / "report", metrics_file=metrics, thumbnails=thumbnail)
    head, *rows = cells(page.read_text())
    assert [row[0] for row in rows] == ["untrained", "last", "vectors.h5"]
    table = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert (table["untrained"]["recall@1"], table["untrained"]["nmi"]) == ("25.0", "12.5")
    assert (table["last"]["recall@1"], table["last"]["nmi"]) == ("50.0", "–")  # as it was last measured
    assert table["vectors.h5"]["recall@100"] == "–"
    assert '<td class="best">99.9</td>' in page.read_text()
    assert (page.parent / "curves.png").exists() and "Training curves" in page.read_text()


def test_vectors_that_the_run_has_scored_get_no_second_row(tmp_path):
    scores = evaluate(embeddings(40), None)
    metrics = metrics_file(tmp_path, {"kind": "scores", "row": "best", "data": "birds", **scores})
    page = write_report(vectors_file(tmp_path), tmp_path / "report", metrics_file=metrics, thumbnails=thumbnail)
    assert [row[0] for row in cells(page.read_text())] == ["", "best"]
    assert "those of the epoch that did best on held-out training classes" in page.read_text()


def test_a_last_line_that_was_cut_is_no_line_and_a_broken_one_is_named(tmp_path):
    metrics = metrics_file(tmp_path, {"kind": "epoch", "epoch": 1, "loss": 0.5})
    metrics.write_text(metrics.read_text() + '{"kind": "epo')
    path = vectors_file(tmp_path)
    assert write_report(path, tmp_path / "report", metrics_file=metrics, thumbnails=thumbnail).exists()
    metrics.write_text('{"kind": "epo\n{"kind": "epoch"}\n')
    with pytest.raises(InputError, match=r"metrics\.jsonl, line 1"):
        write_report(path, tmp_path / "report", metrics_file=metrics, thumbnails=thumbnail)
    with pytest.raises(InputError, match=r"none\.jsonl"):
        write_report(path, tmp_path / "report", metrics_file=tmp_path / "none.jsonl", thumbnails=thumbnail)


def test_the_nearest_images_are_right_where_their_class_is(tmp_path):
    vectors = from_embeddings(embeddings(40), None, name="birds")
    shown = report.nearest(vectors, thumbnail, 0)
    assert len({query.class_name for query, _ in shown}) == len(shown) == 4
    for query, nearest in shown:
        assert len(nearest) == 8
        assert all(tile.right == (tile.class_name == query.class_name) for tile in nearest)
    assert any(tile.right for _, nearest in shown for tile in nearest)


def test_a_query_never_finds_itself_in_leave_one_out():
    images = embeddings(12)
    names = Embeddings(images.vectors, images.labels, tuple("abcdefghijkl"))
    asked: list[str] = []

    def spy(name: str) -> np.ndarray:
        asked.append(name)
        return thumbnail(name)

    shown = report.nearest(from_embeddings(names, None, name="x"), spy, 0)
    for i, (_, nearest) in enumerate(shown):
        query, *found = asked[i * 9 : i * 9 + 9]
        assert len(nearest) == 8 and query not in found


def test_a_large_set_is_sampled_for_the_map(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_MAP_LIMIT", 20)
    vectors = from_embeddings(embeddings(40), embeddings(30, seed=1), name="birds")
    shown = report._images_of_map(vectors, 0)
    assert len(shown) <= 32 and set(shown.labels) <= {0, 1, 2, 3}


def test_an_image_that_asks_and_is_searched_is_on_the_map_once():
    whole = embeddings(40)
    vectors = from_embeddings(whole.take(np.arange(5, 30)), whole, name="birds")
    shown = report._images_of_map(vectors, 0)
    assert sorted(shown.paths) == sorted(whole.paths)


@pytest.mark.parametrize("count", [2, 5])
def test_very_small_sets(tmp_path, count):
    images = Embeddings(np.eye(count, 6, dtype=np.float32), np.zeros(count, np.int64), tuple("abcde"[:count]))
    save(tmp_path / "vectors.h5", from_embeddings(images, None, name="tiny"))
    assert write_report(tmp_path / "vectors.h5", tmp_path / "report", thumbnails=thumbnail).exists()


def test_what_cannot_be_reported_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file"):
        write_report(vectors_file(tmp_path), tmp_path / "file", thumbnails=thumbnail)
    plain = VectorSet("plain", "euclidean", np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32))
    save(tmp_path / "plain.h5", plain)
    with pytest.raises(InputError, match="no labels"):
        write_report(tmp_path / "plain.h5", tmp_path / "report", thumbnails=thumbnail)
    with pytest.raises(InputError, match=r"none\.h5"):
        write_report(tmp_path / "none.h5", tmp_path / "report", thumbnails=thumbnail)
