"""The report of codes: whole, self-contained, of one file and of several, of classes and of several labels."""

import base64
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.report.page import nearest
from hashing.evaluation.scores import RULES, evaluate
from hashing.report import saved_codes
from hashing.report.page import write_hash_report, write_scored

PICTURES = {"precision_recall.png", "codes_0.png", "nearest.png"}


def thumbnail(name: str) -> np.ndarray:
    return np.full((8, 8, 3), len(name) * 5, np.uint8)


def codes(bits: int = 16, *, several: bool = False, **more) -> VectorSet:
    """40 gallery codes and 12 queries around the centers of four classes or concepts."""
    draw = np.random.default_rng(bits)
    centers = draw.normal(size=(4, bits))

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        shown = np.eye(4, dtype=bool)[np.arange(count) % 4]
        if several:
            shown[::3, 0] = True
        activations = shown @ centers + 0.5 * draw.normal(size=(count, bits))
        return np.packbits(activations > 0, axis=1), shown if several else shown.argmax(axis=1)

    (gallery, labels), (queries, query_labels) = part(40), part(12)
    given = {"class_names": ("a", "b", "<i>", "$d$"), "gallery_paths": tuple(f"{row}.jpg" for row in range(40))}
    given |= {"gallery_labels": labels, "query_labels": query_labels} | more
    return VectorSet("birds <& co>", "hamming", gallery, queries, **given)


def codes_file(path: Path, *args, **more) -> Path:
    vectors_file.save(path, codes(*args, **more))
    return path


def report(files: list[Path], folder: Path, **more) -> str:
    return write_hash_report(files, folder, thumbnails=thumbnail, **more).read_text()


def cells(page: str) -> list[list[str]]:
    """The score table as text, its head first."""
    table = page[page.index("<table>") : page.index("</table>")]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in table.split("<tr>")[1:]]
    return [[html.unescape(re.sub(r"<small>.*?</small>", "", cell)) for cell in row] for row in rows]


def test_one_file(tmp_path):
    text = report([codes_file(tmp_path / "codes.h5")], tmp_path / "out" / "report")
    assert {path.name for path in (tmp_path / "out" / "report").iterdir()} == PICTURES | {"index.html"}
    scores = evaluate(codes())
    assert cells(text) == [
        ["", "bits", *scores],
        ["codes", "16", *(f"{100 * value:.1f}" for value in scores.values())],
    ]
    assert "birds &lt;&amp; co&gt;" in text and "birds <" not in text
    for said in ("12 queries", "40 gallery images", "4 classes", "16 bits", "of one class", "counts 0"):
        assert said in text
    distinct = len({code.tobytes() for code in codes().gallery})
    assert f"{distinct} different codes among 40" in text


def test_the_page_needs_nothing_beside_it(tmp_path):
    text = report([codes_file(tmp_path / "codes.h5")], tmp_path / "report")
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(sources) == 3 and "http" not in text
    inside = {base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources}
    assert inside == {(tmp_path / "report" / name).read_bytes() for name in PICTURES}


def test_several_files_have_a_row_and_a_picture_each(tmp_path):
    files = [codes_file(tmp_path / str(bits) / "vectors.h5", bits) for bits in (32, 8)]
    text = report([files[0], files[1].parent], tmp_path / "report")
    assert [row[:2] for row in cells(text)] == [["", "bits"], ["32", "32"], ["8", "8"]]
    assert "2 files of codes" in text and "32, 8 bits" in text
    assert (tmp_path / "report" / "codes_1.png").exists() and 'id="codes-1"' in text
    best = max(evaluate(codes(bits))["map@all"] for bits in (32, 8))
    assert f'<td class="best">{100 * best:.1f}</td>' in text


def test_the_rules_count_and_are_said(tmp_path, monkeypatch):
    for drawn in ("plots.statistics", "plots.precision_recall", "grid_of_nearest"):
        monkeypatch.setattr(f"hashing.report.page.{drawn}", lambda *_, **__: b"")
    files = [codes_file(tmp_path / "codes.h5", 8, query_labels=np.arange(12) % 4 * (np.arange(12) < 9))]
    texts = {name: report(files, tmp_path / "report", rules=rules) for name, rules in RULES.items()}
    assert "expected value over all their orders" in texts["expected"]
    assert "stand as they do in the gallery" in texts["stable"]
    assert "argsort" in texts["thuml"] and "is left out in mAP" in texts["thuml"]
    assert cells(texts["expected"]) != cells(texts["stable"])


def test_untrained_galleries_and_queries_with_nothing_to_find(tmp_path):
    trained = (np.arange(40) < 10).astype(np.int64)
    labels = np.arange(40) % 3
    made = codes_file(tmp_path / "codes.h5", gallery_trained=trained, gallery_labels=labels)
    text = report([made], tmp_path / "report")
    assert "map@all untrained" in cells(text)[0] and "without the gallery images that were trained on" in text
    assert "3 queries have nothing to find" in text


def test_several_labels(tmp_path):
    text = report([codes_file(tmp_path / "codes.h5", several=True)], tmp_path / "report")
    assert "4 concepts" in text and "share a concept" in text and "shares none" in text


def test_the_images_shown_are_right_where_they_share_a_concept():
    vectors = codes(several=True)
    queries = {", ".join(np.array(vectors.class_names)[label]) for label in vectors.query_labels}
    shown = nearest(vectors, thumbnail, 0)
    assert {query.class_name for query, _ in shown} == queries and "a, b" in queries
    for query, tiles in shown:
        assert len(tiles) == 8
        for tile in tiles:
            assert tile.right == bool(set(query.class_name.split(", ")) & set(tile.class_name.split(", ")))


def test_the_scores_and_curves_of_the_run(tmp_path):
    lines = [{"kind": "epoch", "epoch": epoch, "loss": 1 / epoch, "scale": float(epoch)} for epoch in (1, 2)]
    lines += [{"kind": "scores", "row": "itq", "data": "birds", "map@all": 0.25}]
    lines += [{"kind": "scores", "row": "last", "data": "birds", **evaluate(codes())}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = [codes_file(tmp_path / "vectors.h5"), codes_file(tmp_path / "other.h5", 24)]
    text = report(files, tmp_path / "report", metrics_file=tmp_path / "metrics.jsonl")
    found = [row[:3] for row in cells(text)[1:]]
    assert [row[:2] for row in found] == [["itq", "16"], ["last", "16"], ["other", "24"]], (
        "the first file is the last row"
    )
    assert found[0][2] == "25.0" and cells(text)[1][3] == "–"
    assert (tmp_path / "report" / "curves.png").exists() and "Training curves" in text


def test_scores_that_were_asked_for_are_those_of_the_page(tmp_path):
    scored = saved_codes.score([codes_file(tmp_path / "codes.h5")], tops=(5,), radius=3, ns=(2,))
    page = write_scored(scored, tmp_path / "report", thumbnails=thumbnail, radius=3)
    assert cells(page.read_text())[0][2:] == list(evaluate(codes(), tops=(5,), radius=3, ns=(2,)))


@pytest.mark.parametrize("bits", (8, 64))
def test_codes_that_are_all_equal_among_very_few(tmp_path, bits):
    same = np.zeros((2, bits // 8), np.uint8)
    vectors = VectorSet(
        "same", "hamming", same, same[:1], gallery_labels=np.zeros(2, int), query_labels=np.ones(1, int)
    )
    vectors_file.save(tmp_path / "same.h5", vectors)
    text = report([tmp_path / "same.h5"], tmp_path / "report")
    assert "1 different codes among 2" in text and "1 queries have nothing to find" in text


def test_leave_one_out(tmp_path):
    made = codes()
    equal = {"queries": made.gallery, "query_labels": made.gallery_labels, "query_paths": made.gallery_paths}
    given = {name: getattr(made, name) for name in ("gallery", "gallery_labels", "gallery_paths", "class_names")}
    vectors = VectorSet("birds", "hamming", **given, **equal, attrs={"leave_one_out": True})
    vectors_file.save(tmp_path / "codes.h5", vectors)
    assert "each searched among all the other images" in report([tmp_path / "codes.h5"], tmp_path / "report")
    for query, tiles in nearest(vectors, lambda name: np.full((1, 1, 3), int(name[:-4]), np.uint8), 0):
        assert all(tile.thumbnail[0, 0, 0] != query.thumbnail[0, 0, 0] for tile in tiles)


def test_what_cannot_be_reported_is_said(tmp_path):
    made = codes_file(tmp_path / "codes.h5")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file"):
        report([made], tmp_path / "file")
    with pytest.raises(InputError, match=r"none\.h5"):
        report([tmp_path / "none.h5"], tmp_path / "report")
    with pytest.raises(InputError, match=r"none\.jsonl"):
        report([made], tmp_path / "report", metrics_file=tmp_path / "none.jsonl")
