"""Karpathy's JSON: the splits by their names, five captions, and what is wrong by its place in the file."""

import json

import pytest

from datasets.captions import flickr30k
from datasets.errors import InputError
from datasets.lists import karpathy

COUNTS = {"train": 2, "dev": 1, "test": 2}


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(flickr30k, "COUNTS", COUNTS)
    return write.flickr30k(tmp_path / "flickr30k")


@pytest.fixture
def file(tree):
    return tree / "dataset_flickr30k.json"


def test_flickr30k_is_karpathys_file_and_the_images(tree, write):
    found = flickr30k.load(tree.parent)
    assert found.name == "flickr30k"
    assert found.images == [str(tree / "flickr30k-images" / name) for name in write.images]
    assert (found.train.tolist(), found.dev.tolist(), found.test.tolist()) == ([0, 1], [2], [3, 4])
    assert list(found.captions) == [caption for name in write.images for caption in write.captions_of(name)]
    (tree / "flickr30k-images").rename(tree / "images")
    assert flickr30k.load(tree).images[0] == str(tree / "images" / "10_a.jpg")


def test_a_set_of_other_counts_is_refused(tree, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(InputError, match="has 2 images in its train part, where Flickr30k has 29,000: unpack"):
        flickr30k.load(tree)


def change(file, edit):
    content = json.loads(file.read_text())
    edit(content["images"])
    file.write_text(json.dumps(content))


def set_field(number, name, value):
    return lambda images: images[number].__setitem__(name, value)


def set_caption(number, value):
    return lambda images: images[number]["sentences"][3].__setitem__("raw", value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda images: images[1]["sentences"].pop(), r"images\[1\] \(11_b.jpg\): image .*11_b.jpg has 4 caption\(s\)"),
        (lambda images: images[1]["sentences"].clear(), r"images\[1\] \(11_b.jpg\): image .* has 0 caption\(s\)"),
        (set_caption(2, " \n"), r"images\[2\] \(12_c.jpg\): image .* has an empty caption \(number 3\); write one"),
        (set_caption(2, "half \ud83d"), r"images\[2\] \(12_c.jpg\): image .* a caption \(number 3\) that is no valid"),
        (set_caption(2, None), r"images\[2\] \(12_c.jpg\): its 'raw' is missing or not text"),
        (set_field(3, "split", "Test"), r"images\[3\] \(13_d.jpg\): split 'Test' is none of train, val, test, restval"),
        (set_field(3, "filename", 13), r"images\[3\]: its 'filename' is missing or not text"),
        (set_field(3, "filepath", 13), r"images\[3\] \(13_d.jpg\): its 'filepath' is missing or not text"),
        (set_field(3, "sentences", "none"), r"images\[3\] \(13_d.jpg\): its 'sentences' is missing or not a list"),
        (set_field(3, "sentences", ["a"] * 5), r"images\[3\] \(13_d.jpg\): its 'raw' is missing or not text"),
        (set_field(3, "filename", "9.jpg"), r"images\[3\] \(9.jpg\): image .*/9.jpg is missing, 1 of 5 described"),
        (
            set_field(3, "filename", "12_c.jpg"),
            r"images\[3\] \(12_c.jpg\): image .* is in .*images\[2\] \(12_c.jpg\) already",
        ),
        (lambda images: images.__setitem__(4, 7), r"images\[4\]: its 'filename' is missing or not text"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(tree, file, edit, message):
    change(file, edit)
    with pytest.raises(InputError, match=f"{file}, {message}") as error:
        flickr30k.load(tree)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["[]", "{}", '{"images": []}', '{"images": {}}', "3"])
def test_another_json_file_is_refused(file, content):
    file.write_text(content)
    with pytest.raises(InputError, match=f"{file}: has no list 'images', so it is none of Karpathy's"):
        karpathy.read(file, file.parent)


def test_bad_json_is_named_by_its_line(file):
    file.write_text('{"images": [\n {"filename": "a.jpg",\n  "split" "train"}]}')
    with pytest.raises(InputError, match=f"{file}, line 3: is no JSON .*; fetch the file again"):
        karpathy.read(file, file.parent)
    for text in ("[" * 100_000, '{"images": ' + "1" * 5_000 + "}"):
        file.write_text(text)
        with pytest.raises(InputError, match=f"{file}: is no JSON of such a data set; fetch the file again"):
            karpathy.read(file, file.parent)
    file.write_bytes(b'{"images":\n"caf\xe9"}')
    with pytest.raises(InputError, match=f"{file}, line 2: is no UTF-8 text"):
        karpathy.read(file, file.parent)
    file.unlink()
    with pytest.raises(InputError, match=f"{file} is missing: unpack the data set again"):
        karpathy.read(file, file.parent)
