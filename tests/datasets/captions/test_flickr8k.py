"""Flickr8k from its own text files and from Karpathy's JSON: the same set; and wrong lines are named."""

import pytest

from datasets.captions import flickr8k
from datasets.captions.base import PARTS
from datasets.errors import InputError

COUNTS = {"train": 2, "dev": 1, "test": 2}
TOKENS = "Flickr8k_text/Flickr8k.token.txt"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(flickr8k, "COUNTS", COUNTS)


@pytest.fixture
def tree(tmp_path, write):
    return write.flickr8k(tmp_path / "flickr8k")


def names(found, part):
    return [found.images[row].rpartition("/")[2] for row in getattr(found, part)]


def by_image(found):
    """Name -> (part, captions), read off the plain fields."""
    of = {name.rpartition("/")[2]: ["", []] for name in found.images}
    for caption, row in zip(found.captions, found.image_of, strict=True):
        of[found.images[row].rpartition("/")[2]][1].append(caption)
    for part in PARTS:
        for name in names(found, part):
            of[name][0] = part
    return of


def test_its_lists_say_the_parts_and_the_rest_is_in_none(tree, write):
    found = flickr8k.load(tree.parent)
    assert found.name == "flickr8k" and found.size == 224 and len(found) == 6
    assert found.images[0] == str(tree / "Flicker8k_Dataset" / "10_a.jpg")
    expected = {
        name: ["dev" if part == "val" else part, write.captions_of(name)] for name, part in write.images.items()
    }
    assert by_image(found) == expected | {"15_f.jpg": ["", write.captions_of("15_f.jpg")]}


def test_lines_of_an_image_may_be_apart_end_as_in_windows_and_begin_with_a_mark(tree):
    before = flickr8k.load(tree)
    lines = (tree / TOKENS).read_bytes().removesuffix(b"\n").split(b"\n")
    scattered = lines[::5] + [line for place, line in enumerate(lines) if place % 5]
    (tree / TOKENS).write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(scattered))
    assert by_image(flickr8k.load(tree)) == by_image(before)


def test_text_files_may_stand_beside_the_images(tree):
    before = flickr8k.load(tree).fingerprint()
    for file in (tree / "Flickr8k_text").iterdir():
        file.rename(tree / file.name)
    assert flickr8k.load(tree).fingerprint() == before


def test_karpathys_json_says_the_same_but_for_images_of_no_part(tree, tmp_path, write):
    other = flickr8k.load(write.flickr8k_json(tmp_path / "f8k"))
    expected = by_image(flickr8k.load(tree))
    del expected["15_f.jpg"]
    assert by_image(other) == expected
    assert other.images[0] == str(tmp_path / "f8k" / "Flicker8k_Dataset" / "10_a.jpg")


def test_text_files_come_before_the_json(tree, write):
    before = flickr8k.load(tree).fingerprint()
    write.flickr8k_json(tree)
    assert flickr8k.load(tree).fingerprint() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("10_a.jpg#1\tCaption 1 of 10_a.jpg .\n", "", r"line 1: image .*10_a.jpg has 4 caption\(s\), and 5 are wanted"),
        ("10_a.jpg#1\tCaption 1 of 10_a.jpg .", "10_a.jpg#1\t", "line 2: the caption of 10_a.jpg is empty; write one"),
        ("10_a.jpg#1\tCaption 1 of 10_a.jpg .", "10_a.jpg#1\t \u3000", "line 2: the caption of 10_a.jpg is empty"),
        (
            "10_a.jpg#1\tCaption 1",
            "10_a.jpg#1 Caption 1",
            "line 2: expected name.jpg#0<TAB>caption, found '10_a.jpg#1 C",
        ),
        ("10_a.jpg#1\tCaption 1", "10_a.jpg\tCaption 1", "line 2: expected name.jpg#0<TAB>caption"),
        ("10_a.jpg#1\tCaption 1", "#1\tCaption 1", "line 2: expected name.jpg#0<TAB>caption"),
        ("10_a.jpg#1\tCaption 1", "10_a.jpg#0\tCaption 1", "line 2: caption #0 of 10_a.jpg is there already; remove"),
        ("10_a.jpg#1\tCaption 1", "\n10_a.jpg#1\tCaption 1", "line 2: is empty, where .* is expected; remove it"),
        ("15_f.jpg", "17_h.jpg", r"line 31: image .*Flicker8k_Dataset/17_h.jpg is missing, 1 of 6 described are not"),
    ],
)
def test_wrong_lines_of_captions_are_named(tree, old, new, message):
    text = (tree / TOKENS).read_text(encoding="utf-8")
    assert old in text
    (tree / TOKENS).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=f"{tree / TOKENS}, {message}") as error:
        flickr8k.load(tree)
    assert "\n" not in str(error.value)


def test_captions_that_are_no_utf8_are_named_by_their_line(tree):
    content = (tree / TOKENS).read_bytes()
    (tree / TOKENS).write_bytes(content.replace(b"Caption 2 of 10_a", b"Caf\xe9 of 10_a"))
    with pytest.raises(InputError, match=r"Flickr8k.token.txt, line 3: is no UTF-8 text; save the file as UTF-8"):
        flickr8k.load(tree)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("dev", "17_h.jpg", "Flickr_8k.devImages.txt, line 2: image 17_h.jpg has no captions in Flickr8k.token.txt"),
        ("dev", "10_a.jpg", "devImages.txt, line 2: image 10_a.jpg is listed already, in Flickr_8k.trainImages.txt"),
        ("test", "13_d.jpg", "testImages.txt, line 3: image 13_d.jpg is listed already, in Flickr_8k.testImages.txt"),
        ("test", "15_f.jpg", "flickr8k: has 3 images in its test part, where Flickr8k has 2: unpack the set again"),
    ],
)
def test_wrong_lists_are_named(tree, name, line, message):
    with (tree / "Flickr8k_text" / f"Flickr_8k.{name}Images.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=message):
        flickr8k.load(tree)


def test_half_unpacked_sets_are_named(tree, monkeypatch):
    monkeypatch.setattr(flickr8k, "COUNTS", {"train": 6_000})
    with pytest.raises(InputError, match="has 2 images in its train part, where Flickr8k has 6,000"):
        flickr8k.load(tree)
    (tree / TOKENS).write_text("")
    with pytest.raises(InputError, match="Flickr8k.token.txt is empty"):
        flickr8k.load(tree)
    (tree / "Flickr8k_text" / "Flickr_8k.devImages.txt").unlink()
    (tree / TOKENS).write_text("".join(f"{name}#0\tA.\n" for name in ("10_a.jpg", "11_b.jpg")))
    with pytest.raises(InputError, match="Flickr_8k.devImages.txt is missing: unpack"):
        flickr8k.load(tree)
    (tree / "Flicker8k_Dataset").rename(tree / "away")
    with pytest.raises(InputError, match="flickr8k has no folder Flicker8k_Dataset or .*: unpack the images there"):
        flickr8k.load(tree)
    (tree / TOKENS).unlink()
    with pytest.raises(InputError, match=r"has no Flickr8k_text/Flickr8k.token.txt: .*; its captions and split are in"):
        flickr8k.load(tree)
