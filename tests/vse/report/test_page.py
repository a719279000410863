"""The report of an image-text run: scores of the run and of the file, the right pictures marked, and whole."""

import json
import re

import numpy as np
import planted
import pytest

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import Embeddings, from_embeddings
from vse.evaluation.scores import evaluate
from vse.report import page as report
from vse.report.page import write_pairs_report


def thumbnail(name: str) -> np.ndarray:
    return np.full((8, 8, 3), len(name) * 5, np.uint8)


def cells(page: str) -> list[list[str]]:
    table = page[page.index("<table>") : page.index("</table>")]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in table.split("<tr>")[1:]]
    return [[re.sub(r"<small>.*?</small>", "", cell) for cell in row] for row in rows]


def test_scores_curves_and_captions_of_a_run(run):
    scores = {part: {"t2i r@1": value, "rsum": 6 * value} for part, value in (("dev", 12.5), ("test", 25.0))}
    lines = [{"kind": "epoch", "epoch": n, "loss": 1 / n, "validation rsum": 10 * n} for n in (1, 2)]
    lines += [{"kind": "scores", "row": part, "data": "colours", **found} for part, found in scores.items()]
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = write_pairs_report(run / "vectors.h5", run / "report", metrics_file=run / "metrics.jsonl")
    assert page == run / "report" / "index.html"
    assert {path.name for path in page.parent.iterdir()} == {"index.html", "nearest.png", "curves.png"}
    text = page.read_text()
    head, *rows = cells(text)
    table = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(table) == ["dev", "test", "vectors.h5"]
    assert (table["dev"]["rsum"], table["test"]["t2i r@1"], table["dev"]["i2t r@5"]) == ("75.0", "25.0", "–")
    vectors = vectors_file.load(run / "vectors.h5")
    found = evaluate(vectors.gallery, vectors.queries, vectors.query_labels)
    assert table["vectors.h5"]["i2t r@1"] == f"{found['i2t r@1']:.1f}" == "100.0"
    assert "4 images" in text and "8 captions" in text and "http" not in text
    assert all(source.startswith("data:") for source in re.findall(r'(?:src|href)="([^"]*)"', text))


def test_the_right_image_is_marked_where_it_was_found(run):
    vectors = vectors_file.load(run / "vectors.h5")
    shown = report._nearest(vectors, "cosine", thumbnail, 0)
    colours = set()
    for sentence, tiles in shown:
        owner = vectors.query_labels[vectors.query_paths.index(sentence)]
        ranked = np.argsort(-(vectors.gallery @ vectors.queries[vectors.query_paths.index(sentence)]))
        assert [tile.right for tile in tiles] == [row == owner for row in ranked]
        colours.add(owner)
    assert len(shown) == len(colours) == 4


def test_order_is_scored_and_ranked_by_order(tmp_path, colours):
    run = planted.run_folder(tmp_path / "order", colours, loss="order")
    vectors = vectors_file.load(run / "vectors.h5")
    assert vectors.attrs["similarity"] == "order" and vectors.attrs["queries"] == "captions"
    text = write_pairs_report(run / "vectors.h5", tmp_path / "report", thumbnails=thumbnail).read_text()
    found = evaluate(vectors.gallery, vectors.queries, vectors.query_labels, similarity="order")
    assert cells(text)[1][-1] == f"{found['rsum']:.1f}" and "similarity order" in text and "Training" not in text


def test_a_file_of_images_alone_is_refused(tmp_path):
    rows = np.eye(4, dtype=np.float32)
    images = Embeddings(rows, np.array([0, 0, 1, 1]), tuple("abcd"))
    vectors_file.save(tmp_path / "images.h5", from_embeddings(images, None, name="x"))
    with pytest.raises(InputError, match=r"images\.h5: does not hold captions"):
        write_pairs_report(tmp_path / "images.h5", tmp_path / "report")
