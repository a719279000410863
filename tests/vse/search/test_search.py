"""Search across the kinds: exact by either similarity, folders embedded once, sentences that are known or not."""

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import planted
import pytest

from datasets.errors import InputError
from datasets.images.skipped import beside_file
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.search import folder as kept_folder
from embedding.search.found import Hit, by_score
from embedding.search.found import hits as hits_of
from vse.search import folder, gallery, page, search, sentences


def unit(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.abs(np.random.default_rng(seed).normal(size=(count, dim)))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def table(images: np.ndarray, captions: np.ndarray, similarity: str) -> np.ndarray:
    """(N, C), one pair after the other in double precision."""
    images, captions = images.astype(np.float64), captions.astype(np.float64)
    if similarity == "cosine":
        return np.array([[i @ c for c in captions] for i in images])
    return np.array([[-(np.maximum(c - i, 0) ** 2).sum() for c in captions] for i in images])


@pytest.mark.parametrize("similarity", ["cosine", "order"])
@pytest.mark.parametrize("block", [7, 1 << 14])
def test_the_nearest_are_those_of_the_whole_table(monkeypatch, similarity, block):
    monkeypatch.setattr(search, "_BLOCK", block)
    images, captions = unit(50, 9, 0), unit(40, 9, 1)
    scores = table(images, captions, similarity)
    for ranked, wanted in (
        (search.images_for(captions, images, 6, similarity=similarity), scores.T),
        (search.sentences_for(images, captions, 6, similarity=similarity), scores),
    ):
        order = np.argsort(-wanted, axis=1)[:, :6]
        np.testing.assert_array_equal(ranked[0], order)
        np.testing.assert_allclose(ranked[1], np.take_along_axis(wanted, order, axis=1), atol=1e-6)


@pytest.mark.parametrize("similarity", ["cosine", "order"])
def test_a_gallery_smaller_than_k_gives_all_of_it(similarity):
    ranked = search.images_for(unit(2, 4, 0), unit(3, 4, 1), 10, similarity=similarity)
    found = hits_of(ranked, ("a", "b", "c"))
    assert [sorted(hit.name for hit in hits) for hits in found] == [["a", "b", "c"]] * 2
    assert all(hits[0].score >= hits[1].score >= hits[2].score for hits in found)


def test_what_an_index_found_is_put_in_the_order_of_its_scores():
    queries, images = unit(3, 5, 0), unit(9, 5, 1)
    neighbors = np.array([[0, 4, 2, -1], [8, 1, 3, 5], [7, 6, -1, -1]])
    rows, scores = by_score(queries, images, neighbors)
    for row, found, its_scores, given in zip(queries, rows, scores, neighbors, strict=True):
        there = sorted(given[given >= 0], key=lambda near: -float(row @ images[near]))
        assert found[: len(there)].tolist() == there and (found[len(there) :] == -1).all()
        np.testing.assert_allclose(its_scores[: len(there)], images[there] @ row, atol=1e-6)
    assert [len(hits) for hits in hits_of((rows, scores), "abcdefghi")] == [3, 4, 2]


def colour_of(trained, found: gallery.Gallery, sentence: str) -> str:
    asked = sentences.asked([sentence], trained.embedder)
    (hits,) = hits_of(search.images_for(asked, found.vectors, 1), found.paths)
    assert hits[0].score == pytest.approx(1, abs=1e-3)
    return Path(hits[0].name).stem


def test_every_sentence_finds_its_planted_picture(run, trained):
    found = gallery.of_run(run, dim=planted.DIM)
    for colour in planted.COLOURS:
        assert colour_of(trained, found, f"a {colour} picture") == colour


def test_a_folder_is_embedded_once_until_it_changes(run, trained, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    photos = tmp_path / "my photos é"
    planted.pictures(photos / "inside")
    first = folder.of_folder(photos, run, trained.embedder)
    assert first.name == "my photos é" and "embedding 4 of 4 images" in caplog.text
    assert [Path(path).name for path in first.paths] == ["blue.png", "green.png", "red.png", "yellow.png"]
    for colour in planted.COLOURS:
        assert colour_of(trained, first, f"a {colour} picture") == colour

    caplog.clear()
    monkeypatch.chdir(tmp_path)  # the same folder, by another name
    again = folder.of_folder(Path("my photos é"), run, trained.embedder)
    assert not caplog.text and again.file == first.file
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert again.paths[0] == "my photos é/inside/blue.png"

    shutil.copy(photos / "inside" / "red.png", photos / "another.png")
    assert len(folder.of_folder(photos, run, trained.embedder)) == 5 and "embedding 1 of 5 images" in caplog.text


def test_two_at_once_embed_a_folder_once(run, trained, colours, monkeypatch):
    calls, make = [], kept_folder._make
    monkeypatch.setattr(kept_folder, "_make", lambda *about: calls.append(make(*about)))
    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda _: folder.of_folder(Path(colours[0]).parent, run, trained.embedder), range(2)))
    assert len(calls) == 1 and made[0].file == made[1].file and len(made[1]) == 4


def test_what_cannot_be_read_is_named_and_left_out(run, trained, tmp_path, caplog, monkeypatch):
    photos = tmp_path / "photos"
    paths = planted.pictures(photos)
    (photos / "a.jpg").write_text("not an image")
    (photos / "green.jpg").touch()
    for _ in range(2):  # embedded, and read again
        caplog.clear()
        found = folder.of_folder(photos, run, trained.embedder)
        warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
        assert len(warnings) == 1 and "2 of 6" in warnings[0]
        assert "a.jpg" in warnings[0] and "green.jpg" in warnings[0]
        assert sorted(found.paths) == sorted(paths) and len(found) == 4
    assert colour_of(trained, found, "a green picture") == "green"
    shutil.copytree(photos, tmp_path / "moved" / "photos", copy_function=shutil.copy2)
    monkeypatch.setattr(kept_folder, "_make", lambda *_: pytest.fail("embedded again"))
    caplog.clear()
    moved = folder.of_folder(tmp_path / "moved" / "photos", run, trained.embedder)
    assert moved.file == found.file and f"{tmp_path}/moved/photos/a.jpg (" in caplog.messages[-1]
    assert "a.jpg" in beside_file(found.file).read_text()
    monkeypatch.undo()
    for path in paths:
        Path(path).write_text("not an image either")
    with pytest.raises(InputError, match="none of 6 pictures can be read"):
        folder.of_folder(photos, run, trained.embedder)


def test_galleries_that_do_not_fit_are_one_line(run, trained, tmp_path):
    def saved(name: str, vectors: np.ndarray, metric: str = "inner_product") -> Path:
        vectors_file.save(tmp_path / name, VectorSet("x", metric, vectors, vectors[:1]))
        return tmp_path / name

    narrow, codes = saved("narrow.h5", unit(3, 5, 0)), saved("codes.h5", np.zeros((3, 2), np.uint8), "hamming")
    broken = unit(3, planted.DIM, 0)
    broken[1, 1] = np.nan
    (tmp_path / "empty").mkdir()
    for path, word in (
        (narrow, "5 numbers"),
        (codes, "codes"),
        (saved("broken.h5", broken), "row 1"),
        (saved("none.h5", unit(0, planted.DIM, 0)), "no image"),
        (tmp_path / "missing.h5", "missing.h5"),
    ):
        with pytest.raises(InputError, match=word):
            gallery.of_file(path, run, dim=planted.DIM)
    for path, word in ((tmp_path / "nowhere", "no folder"), (tmp_path / "empty", "no image"), (narrow, "no folder")):
        with pytest.raises(InputError, match=word):
            folder.of_folder(path, run, trained.embedder)
    nameless = gallery.of_file(saved("good.h5", unit(3, planted.DIM, 0)), run, dim=planted.DIM)
    assert nameless.paths == ("x[0]", "x[1]", "x[2]")


def test_vectors_of_another_network_are_told(run, trained, colours, tmp_path):
    of_folder = folder.of_folder(Path(colours[0]).parent, run, trained.embedder).file
    assert len(gallery.of_file(of_folder, run, dim=planted.DIM)) == 4
    vectors = vectors_file.load(run / "vectors.h5")
    vectors_file.save(
        run / "vectors.h5", replace(vectors, attrs={**vectors.attrs, "network": gallery.fingerprint(run)})
    )
    assert len(gallery.of_run(run, dim=planted.DIM)) == 4
    with open(run / "best" / "net.params", "ab") as file:  # as after more epochs
        file.write(b"more")
    with pytest.raises(InputError, match=r"vectors\.h5: an earlier network of this run"):
        gallery.of_run(run, dim=planted.DIM)
    with pytest.raises(InputError, match="--vectors=.*: another network than that of"):
        gallery.of_file(of_folder, run, dim=planted.DIM)


def test_unknown_words_are_named_and_only_unknown_ones_refused(trained, caplog):
    sentences.asked(["A red zebra picture, quickly"], trained.embedder)
    assert "passed over as <unk>: zebra, ,, quickly" in caplog.text
    caplog.clear()
    sentences.asked([planted.CHINESE, f"a {planted.EMOJI}"], trained.embedder)
    assert not caplog.text
    for sentence, word in (("zebra", "no word"), ("  ", "empty"), ("...", "no word"), ("一只猫", "一只猫")):
        with pytest.raises(InputError, match=word):
            sentences.asked(["a picture", sentence], trained.embedder)


def test_sentences_of_the_run_and_of_a_file(run, trained, tmp_path, caplog):
    of_run = sentences.of_run(run, dim=planted.DIM)
    assert set(of_run.texts) == set(planted.caption_set(["a"] * 4).captions) and of_run.vectors.shape == (8, 12)
    file = tmp_path / "sentences.txt"
    file.write_text(f"a red picture\n\nzebra\n{planted.CHINESE}\na red picture\n", encoding="utf-8")
    found = sentences.of_file(file, trained.embedder)
    assert found.texts == ("a red picture", planted.CHINESE) and "no word of 1 sentences" in caplog.text
    np.testing.assert_allclose(found.vectors, trained.embedder.sentences(found.texts), atol=1e-6)
    file.write_text("zebra\n")
    with pytest.raises(InputError, match="no sentence"):
        sentences.of_file(file, trained.embedder)
    with pytest.raises(InputError, match="is no file"):
        sentences.of_file(tmp_path, trained.embedder)


def test_pages_need_nothing_beside_them_and_name_what_was_found(tmp_path, colours):
    hits = [Hit(path, 0.5 - 0.1 * i) for i, path in enumerate(colours)]
    found = {f"a <b> picture {planted.EMOJI}": hits, planted.CHINESE: [Hit("gone\udcff.jpg", 0.1)], "none": []}
    written = page.write_pictures(tmp_path / "out", found, page.Source("runs/x", ["4 images"]), grid=True)
    text = written.read_text()
    assert "a &lt;b&gt; picture" in text and planted.CHINESE in text and "gone?.jpg" in text
    assert "0.500" in text and "red.png" in text and text.count("data:image/jpeg;base64,") == 5
    assert "http" not in text and (tmp_path / "out" / "grid.png").read_bytes().startswith(b"\x89PNG")

    hits = [Hit(planted.CHINESE, 0.25)]
    written = page.write_sentences(tmp_path / "other", colours[0], hits, page.Source("runs/x", []))
    text = written.read_text()
    assert planted.CHINESE in text and "0.250" in text and text.count("data:image/jpeg;base64,") == 1
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["index.html"]
