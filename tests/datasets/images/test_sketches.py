"""Sets of sketches and photographs: published layouts and counts, one's own folders, and what is refused."""

import numpy as np
import pytest

from datasets import images
from datasets.errors import InputError
from datasets.images import outlines, sketches, sketchy, tuberlin


def write_again(file, *, lines):
    file.write_text("\n".join(lines) + "\n")


@pytest.fixture
def small(monkeypatch):
    for module in (sketchy, tuberlin):
        monkeypatch.setattr(module, "ASKS", 2)


def of(found, rows):
    return sorted(f"{found.class_names[found.labels[row]]} {'s' if found.sketches[row] else 'p'}" for row in rows)


def test_sketchy_as_published(tmp_path, write, small, monkeypatch):
    counts = {"sketch": (18, 3), "photo": (12, 3), "extended": (6, 3)}
    monkeypatch.setattr(sketchy, "COUNTS", counts)
    found = sketchy.load(write.sketchy(tmp_path))
    assert found.name == "sketchy" and len(found) == 36
    assert of(found, found.query) == ["airplane s"] * 2 + ["bat s"] * 6 + ["hot-air_balloon s"] * 2
    assert len(found.gallery) == 18 and len(found.train) == 2 * (4 + 6)
    assert not (found.labels[found.train] == found.class_names.index("bat")).any()
    seen = sketchy.load(tmp_path, split="seen")
    assert of(seen, seen.query) == sorted(f"{name} s" for name in seen.class_names for _ in range(2))
    assert images.split_of("sketchy-seen") == "seen"


def test_true_counts_are_checked(tmp_path, write):
    for module, title in ((sketchy, "75,471 of 125"), (tuberlin, "20,000 of 250")):
        root = tmp_path / module.__name__
        getattr(write, module.__name__.split(".")[-1])(root)
        with pytest.raises(InputError, match=f"has .* images of 3 classes, where .* has {title}: unpack it again"):
            module.load(root)


def test_sketchy_without_the_extension_says_so(tmp_path, write, small, monkeypatch):
    monkeypatch.setattr(sketchy, "COUNTS", {})
    found = sketchy.load(write.sketchy(tmp_path, extended=False))
    assert found.name == "sketchy, 12,500 photographs" and len(found.gallery) == 12


def test_sketchys_own_unseen_classes_are_twenty_one():
    assert len(set(sketchy.UNSEEN)) == 21 and list(sketchy.UNSEEN) == sorted(sketchy.UNSEEN)


def test_tuberlins_unseen_classes_come_from_a_list(tmp_path, write, small, monkeypatch):
    monkeypatch.setattr(tuberlin, "COUNTS", {})
    found = tuberlin.load(write.tuberlin(tmp_path))
    assert len(found.query) == 6 and len(found.gallery) == 15
    unseen = tuberlin.load(tmp_path, split="unseen")
    assert of(unseen, unseen.query) == ["alarm clock s"] * 2 + ["mouse (animal) s"] * 2 + ["pig s"] * 5
    listed = tmp_path / "zeroshot" / "png_ready_filelist_zero.txt"
    write_again(listed, lines=["pig 2"])
    with pytest.raises(InputError, match="zero.txt, line 1: expected FOLDER/CLASS/IMAGE NUMBER, found 'pig 2'"):
        tuberlin.load(tmp_path, split="unseen")
    listed.unlink()
    with pytest.raises(InputError, match="unseen_classes.txt is missing.*name the unseen classes there"):
        tuberlin.load(tmp_path, split="unseen")


def test_ones_own_folders(tmp_path, write, caplog):
    found = sketches.load(write.sketches(tmp_path / "mine"))
    assert found.name == "mine" and len(found) == 31
    assert of(found, found.query) == ["bell s", "cat s"] + ["sword s"] * 5
    assert len(found.train) == 2 * (4 + 4) and len(found.gallery) == 16
    assert "1 class(es) have photographs alone, such as 'zebra'" in caplog.text
    assert sketches.load(tmp_path / "mine").fingerprint() == found.fingerprint()


def test_without_a_list_all_classes_are_seen(tmp_path, write):
    (write.sketches(tmp_path) / "unseen_classes.txt").unlink()
    found = sketches.load(tmp_path)
    assert of(found, found.query) == ["bell s", "cat s", "sword s"]


def test_wrong_folders_are_refused(tmp_path, write):
    root = write.sketches(tmp_path)
    write_again(root / "unseen_classes.txt", lines=["sword", "unicorn"])
    with pytest.raises(InputError, match="unseen class 'unicorn' .1 such. has no sketches and photographs there"):
        sketches.load(root)
    (root / "photo").rename(root / "fotos")
    with pytest.raises(InputError, match="has no photo/: put the class folders of photographs there"):
        sketches.load(root)
    (root / "fotos").rename(root / "photos")
    (root / "sketch").rename(root / "sketches")
    for name in ("bell", "cat", "sword"):
        (root / "sketches" / name).rename(root / "sketches" / f"{name} drawn")
    with pytest.raises(InputError, match="no class has sketches and photographs"):
        sketches.load(root)
    with pytest.raises(InputError, match="name it by --data-path"):
        sketches.load(None)


def test_a_class_with_one_sketch_cannot_train(tmp_path, write, small, monkeypatch):
    monkeypatch.setattr(sketchy, "COUNTS", {})
    monkeypatch.setattr(sketchy, "ASKS", 6)
    with pytest.raises(InputError, match="class 'airplane' has 6 image.s. of a kind, and 6 are held out; add some"):
        sketchy.load(write.sketchy(tmp_path))


def test_outlines_are_lines_on_white_and_colours_on_colours():
    found = outlines.load()
    lines, colours = found.images[found.sketches], found.images[~found.sketches]
    assert (lines[..., 0] == lines[..., 1]).all() and (lines > 250).mean() > 0.6
    assert (colours > 250).mean() < 0.05
    assert np.array_equal(np.bincount(found.labels), np.full(outlines.CLASSES, 24))
    outlines._generated.cache_clear()
    assert outlines.load().fingerprint() == found.fingerprint()


def test_unseen_outlines_do_not_train():
    found = outlines.load()
    seen = np.unique(found.labels[found.train])
    asks = found.labels[found.query]
    assert len(seen) == 70 and len(np.setdiff1d(asks, seen)) == 30
    assert np.isin(asks, seen).sum() == 70 * outlines.HELD
