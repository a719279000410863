"""The review page: whole, self-contained, sorted, bounded, with truth where there is any and strange names escaped."""

import base64
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from embedding.categories import review
from embedding.categories.manifest import Manifest, labels
from embedding.categories.mine import Mined
from embedding.categories.proposals import Proposals
from embedding.categories.review import write_review
from embedding.categories.unlabelled import Unlabelled


def thumbnail(name: str) -> np.ndarray:
    return np.full((112, 112, 3), 20 * len(name), np.uint8)


def page(folder: Path, clusters: list[int], *, known: list[int] | None = None, truth: list[int] | None = None, **how):
    """The page's text."""
    found = np.array(clusters)
    sizes = np.bincount(found[found >= 0])
    marks = np.array(known or [-1] * len(found))
    confidences = np.linspace(0.9, 0.2, len(sizes))
    proposals = Proposals(found, marks, confidences, np.linspace(0.9, 0.1, len(found)).astype(np.float32))
    images = Unlabelled(
        "birds <& co>",
        np.zeros((len(found), 2), np.float32),
        tuple(f"{row}</script>.jpg" for row in range(len(found))),
        np.array(truth) if truth else None,
        ("crow", "<i>", "rook"),
    )
    names = labels(proposals)
    lines = [(names[c], path, "train", "0.5", "0.5") for c, path in zip(clusters, images.paths, strict=True) if c >= 0]
    how = {"thumbnails": thumbnail} | how
    mined = Mined(proposals, ("found by <magic>",))
    return write_review(folder, images, mined, Manifest(lines, []), **how).read_text()


def shown(text: str) -> dict[str, list[str]]:
    """{cluster: its thumbnails}"""
    parts = re.split(r'<div class="cluster" data-label="([^"]*)"', text.split("</section>")[1])
    return {label: re.findall(r"<img [^>]*>", part) for label, part in zip(parts[1::2], parts[2::2], strict=True)}


def test_clusters_in_order_with_their_images(tmp_path):
    text = page(tmp_path / "out", [1, 0, 0, -1, 1, 0])
    assert {label: len(tiles) for label, tiles in shown(text).items()} == {"new-001": 3, "new-002": 2}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"]
    assert "confidence 0.90 · 3 images" in text and "confidence 0.20 · 2 images" in text
    assert "Noise: 1 images" in text and "truth" not in text and "<table>" not in text
    assert "birds &lt;&amp; co&gt;" in text and "found by &lt;magic&gt;" in text


def test_the_page_needs_nothing_beside_it_and_its_images_are_there(tmp_path):
    text = page(tmp_path, [0, 0, 1, -1], known=[-1, -1, -1, 2], known_names=("a", "b", "<c>"))
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(sources) == 4 and all(source.startswith("data:image/jpeg;base64,") for source in sources)
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(sources[0].split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (84, 84, 3) and abs(int(decoded[0, 0, 0]) - 20 * len("0</script>.jpg") % 256) < 8
    assert "Taken for known classes: 1 images" in text and "&lt;c&gt;" in text


def test_truth_and_scores(tmp_path):
    scores = [{"row": "proposed", "clusters": 2, "pairwise f1": 0.5}, {"row": "ratio", "pairwise f1": 1.25}]
    text = page(tmp_path, [0, 0, 0, 1, 1], truth=[0, 0, 1, 1, 1], scores=scores)
    assert "truth: 67 % crow" in text and "truth: 100 % &lt;i&gt;" in text
    assert [["stray" in tile for tile in tiles] for tiles in shown(text).values()] == [
        [False, False, True],
        [False] * 2,
    ]
    assert "<td>0.5000</td>" in text and "<td>1.2500</td>" in text and "<td>–</td>" in text
    assert "<b>0.500</b><span>pairwise F1" in text


def test_the_lines_to_download_are_those_of_the_manifest(tmp_path):
    text = page(tmp_path, [0, 0, 1])
    assert text.count("</script>") == 1  # names of files do not end the script
    columns, lines = re.search(r"const columns = (.*), lines = (.*);\n", text).groups()
    assert json.loads(columns) == "label,path,split,confidence,likeness"
    assert json.loads(lines)[2] == ["new-002", "2</script>.jpg", "train", "0.5", "0.5"]


def test_large_sets_are_cut_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(review, "_CLUSTERS", 3)
    text = page(tmp_path, [c for c in range(5) for _ in range(40)] + [-1] * 300)
    found = shown(text)
    assert list(found) == ["new-001", "new-002", "new-003"] and {len(tiles) for tiles in found.values()} == {24}
    assert "24 of 40, evenly" in text and "The first 3 of 5 clusters." in text
    assert "Clusters beyond the 3 shown stay" in text and "Noise: 300 images" in text and "120 of them" in text
    first = [re.search(r'title="(\d+)&lt;', tile)[1] for tile in found["new-001"]]
    assert first[0] == "0" and first[-1] == "39"  # from the most to the least alike
    assert len(text) < 400_000


def test_clusters_out_of_the_manifest_cannot_be_ticked(tmp_path):
    found = Proposals(np.array([0, 0]), np.full(2, -1), np.array([0.1]), np.ones(2, np.float32))
    images = Unlabelled("x", np.zeros((2, 2), np.float32), ("a", "b"), None, ())
    path = write_review(tmp_path, images, Mined(found, ()), Manifest([], []), thumbnails=thumbnail)
    assert "not in the manifest" in path.read_text() and " disabled aria" in path.read_text()


def test_nothing_found_and_nowhere_to_write(tmp_path):
    assert "None: no group of images" in page(tmp_path, [-1, -1])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: the page cannot be written"):
        page(tmp_path / "file", [0, 0])
