"""One's own captions: tables as people write them, and what is held out of them."""

import numpy as np
import pytest

from datasets.captions import captions
from datasets.errors import InputError


@pytest.fixture
def table(tmp_path):
    """Called with lines, the path of a table of these; the pictures a.jpg to z.jpg are there."""
    for letter in "abcdefghijklmnopqrstuvwxyz":
        (tmp_path / f"{letter}.jpg").write_bytes(b"never opened")

    def write(*lines, name="photos.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes("\r\n".join(lines).encode(encoding))
        return tmp_path / name

    return write


def test_captions_of_an_image_belong_together_wherever_they_stand(write, tmp_path):
    found = captions.load(write.captions(tmp_path))
    assert len(found) == 5 and np.array_equal(found.image_of, np.repeat(np.arange(5), 5))
    assert found.captions[0].startswith("Caption, 0 of 10_a.jpg")
    assert (found.train.tolist(), found.dev.tolist(), found.test.tolist()) == ([0, 1], [2], [3, 4])


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_without_a_split_a_tenth_is_dev_and_a_tenth_is_test_always_the_same(table, ending, tmp_path):
    mark = {"csv": ",", "tsv": "\t"}[ending]
    lines = ["path{}caption", *(f"{letter}.jpg{{}}这是 {letter} 🐕" for letter in "abcdefghijklmnopqrstuvwxyz")]
    file = table(*(line.format(mark) for line in lines), name=f"photos.{ending}")
    found = captions.load(file)
    assert (len(found.train), len(found.dev), len(found.test), found.name) == (22, 2, 2, "photos")
    assert len(np.unique(np.concatenate([found.train, found.dev, found.test]))) == 26
    assert captions.load(file).fingerprint() == found.fingerprint()
    assert found.captions[0] == "这是 a 🐕"


def test_files_of_parts_and_a_dev_part_held_out(table, tmp_path):
    table("path\tcaption", *(f"{letter}.jpg\tx" for letter in "abcdefgh"), name="train.tsv")
    table("caption;path", "y;z.jpg", name="test.csv")
    found = captions.load(tmp_path)
    assert (len(found.train), len(found.dev), found.test.tolist()) == (7, 1, [8])
    assert found.captions[8] == "y" and found.name == tmp_path.name


def test_cells_of_spreadsheets(table):
    file = table("sep=;", "Path;Caption;Split", 'a.jpg;"two\nlines; one cell";train', "b.jpg;„x“;val", "c.jpg;z;test")
    assert captions.load(file).captions == ("two lines; one cell", "„x“", "z")
    wide = table("path\tcaption\tsplit", "a.jpg\t狗\ttrain", "b.jpg\tx\tdev", "c.jpg\tz\ttest", encoding="utf-16")
    assert captions.load(wide).captions == ("狗", "x", "z")


@pytest.mark.parametrize(
    "lines, complaint",
    [
        (["path,text", "a.jpg,x"], "photos.csv, line 1: no column caption"),
        (["path,caption"], "photos.csv has a header, but no line"),
        ([""], "photos.csv, line 1: no column path"),
        (["path,caption", "a.jpg,"], "photos.csv, line 2: no caption"),
        (["path,caption,split", "a.jpg,x,trian"], "photos.csv, line 2: split 'trian' is none of train, dev,"),
        (["path,caption,split", "a.jpg,x,train", "a.jpg,y,test"], "line 3: .*a.jpg is to test here and to train in"),
        (["path,caption", "a.jpg,x", "nowhere.jpg,y"], "photos.csv, line 3: image .*nowhere.jpg is missing, 1 of 2"),
        (["path,caption", "a.jpg,x,y"], "photos.csv, line 2: more cells"),
        (["path,caption", "a.jpg,x\0y"], "photos.csv is no text"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(table, lines, complaint):
    with pytest.raises(InputError, match=complaint) as error:
        captions.load(table(*lines))
    assert "\n" not in str(error.value)


def test_a_folder_without_a_table_is_told(tmp_path):
    with pytest.raises(InputError, match=r"has no captions.csv, nor train.csv: name a table"):
        captions.load(tmp_path)
