"""Class folders and CSV manifests are read, and what is wrong with them is named with its place."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import folder


def write_classes(root, *names, images=("0.jpg", "1.PNG")):
    for name in names:
        (root / name).mkdir(parents=True)
        for image in images:
            (root / name / image).touch()
    return root


def write_csv(file, header, *lines):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


MANIFEST = ("a,a0.jpg,train", "a,a1.jpg,train", "b,b0.jpg,validation", "b,b1.jpg,test")


def test_first_half_of_the_class_folders_trains(tmp_path):
    pets = folder.load(write_classes(tmp_path / "pets", "cat", "ant", "dog", "bee", "emu"))
    assert pets.name == "pets"
    assert pets.class_names == ("ant", "bee", "cat", "dog", "emu")
    assert pets.images[2:4] == [str(tmp_path / "pets" / "bee" / name) for name in ("0.jpg", "1.PNG")]
    assert pets.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert pets.train.tolist() == [0, 1, 2, 3]
    assert pets.leave_one_out and pets.query.tolist() == [4, 5, 6, 7, 8, 9]


def test_other_files_and_hidden_folders_are_passed_over(tmp_path):
    root = write_classes(tmp_path, "a", "b", "c", "d")
    (root / "a" / "notes.txt").touch()
    (root / "a" / "._0.jpg").touch()
    (root / "readme.md").touch()
    write_classes(root, ".git", "__MACOSX", images=())
    assert len(folder.load(root)) == 8


def test_train_and_test_folders_say_the_split(tmp_path):
    write_classes(tmp_path / "train", "z", "y")
    write_classes(tmp_path / "test", "a")
    pets = folder.load(tmp_path)
    assert pets.class_names == ("a", "y", "z")
    assert pets.labels.tolist() == [1, 1, 2, 2, 0, 0]
    assert pets.train.tolist() == [0, 1, 2, 3]
    assert pets.query.tolist() == pets.gallery.tolist() == [4, 5]
    assert "/test/a/" in pets.images[4]


def test_faults_of_class_folders_are_named(tmp_path):
    with pytest.raises(InputError, match="has no class folders"):
        folder.load(tmp_path)
    root = write_classes(tmp_path, "a", "b", "c")
    with pytest.raises(InputError, match=r"has 3 class folder\(s\)"):
        folder.load(root)
    write_classes(root, "d", images=("0.txt",))
    with pytest.raises(InputError, match=r"class folder .*d has no images"):
        folder.load(root)
    (root / "d" / "0.jpg").touch()
    with pytest.raises(InputError, match="class 'd' has one image in its query part"):
        folder.load(root)
    with pytest.raises(InputError, match="has no boxes"):
        folder.load(root, boxes=True)


def test_a_wrong_root_is_named(tmp_path):
    (tmp_path / "file.txt").touch()
    for root, message in [
        (tmp_path / "nowhere", "nowhere is not there"),
        (tmp_path / "nowhere.csv", "nowhere.csv is not there"),
        (tmp_path / "file.txt", "neither a folder nor a CSV file"),
        (None, "needs a folder"),
    ]:
        with pytest.raises(InputError, match=message):
            folder.load(root)


def test_manifest_says_labels_paths_and_split(tmp_path):
    pets = folder.load(write_csv(tmp_path / "some" / "pets.csv", "path,split,label", *(
        "z0.jpg,train,zebra", '"deep/a, 0.jpg",test,ant', "/z1.jpg,train,zebra", "a1.jpg,validation,ant",
    )))  # fmt: skip
    assert pets.name == "pets" and pets.class_names == ("ant", "zebra")
    assert pets.images == [str(tmp_path / "some" / "z0.jpg"), str(tmp_path / "some" / "deep" / "a, 0.jpg"),
                           "/z1.jpg", str(tmp_path / "some" / "a1.jpg")]  # fmt: skip
    assert pets.labels.tolist() == [1, 0, 1, 0] and pets.labels.dtype == np.int64
    assert pets.train.tolist() == [0, 2]
    assert pets.leave_one_out and pets.query.tolist() == [1, 3]


def test_manifest_says_query_and_gallery(tmp_path):
    header = "label,path,split,is_query,is_gallery"
    lines = ("a,0.jpg,train,,", "a,1.jpg,train,,", "b,2.jpg,test,True,False", "b,3.jpg,test,0,1", "b,4.jpg,test,1,true")
    pets = folder.load(write_csv(tmp_path / "pets.csv", header, *lines))
    assert pets.train.tolist() == [0, 1]
    assert pets.query.tolist() == [2, 4] and pets.gallery.tolist() == [3, 4]


def test_manifest_corners_become_boxes(tmp_path):
    header = "label,path,split,x_1,x_2,y_1,y_2"
    file = write_csv(tmp_path / "pets.csv", header, *(f"{line},10,30.5,20,60" for line in MANIFEST))
    assert folder.load(file).boxes is None
    boxes = folder.load(file, boxes=True).boxes
    assert boxes.dtype == np.float32 and boxes.tolist() == [[10.0, 20.0, 20.5, 40.0]] * 4


def test_manifest_of_a_spreadsheet_is_read(tmp_path):
    file = write_csv(tmp_path / "pets.csv", "label,path,split", *MANIFEST)
    before = folder.load(file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert folder.load(file).fingerprint() == before.fingerprint()


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ("label,file,split", None, r"line 1: no column path \(found label, file, split\)"),
        ("label,path,split,is_query", None, "line 1: of the columns is_query and is_gallery only one"),
        ("label,path,split", "b,b2.jpg,val", "line 6: split 'val' is none of train, validation, test"),
        ("label,path,split", "b,b2.jpg", "line 6: no split"),
        ("label,path,split", ",b2.jpg,test", "line 6: no label"),
        ("label,path,split", "b,b2.jpg,test,more", "line 6: more cells than the header has"),
        ("label,path,split,is_query,is_gallery", "b,b2.jpg,test,maybe,1", "line 6: is_query 'maybe'"),
        ("label,path,split", "c,c0.jpg,test", "class 'c' has one image in its query part"),
    ],
)
def test_faults_of_a_manifest_are_named_with_their_line(tmp_path, header, line, message):
    extra = ",1,1" if header.endswith("is_gallery") else ""
    lines = [row + extra for row in MANIFEST] + ([line] if line else [])
    with pytest.raises(InputError, match=message):
        folder.load(write_csv(tmp_path / "pets.csv", header, *lines))


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ("1,2,3", "line 2: no y_2"),
        ("1,2,3,x", "line 2: a box needs four numbers left top right bottom"),
        ("5,5,1,2", "line 2: the box is empty"),
        ("1,2,nan,4", "line 2: the box is empty"),
    ],
)
def test_faults_of_boxes_are_named_with_their_line(tmp_path, box, message):
    lines = [f"{MANIFEST[0]},{box}", *(f"{line},1,2,3,4" for line in MANIFEST[1:])]
    with pytest.raises(InputError, match=message):
        folder.load(write_csv(tmp_path / "pets.csv", "label,path,split,x_1,x_2,y_1,y_2", *lines), boxes=True)


def test_boxes_asked_of_a_manifest_without_them_are_missed(tmp_path):
    file = write_csv(tmp_path / "pets.csv", "label,path,split", *MANIFEST)
    with pytest.raises(InputError, match="line 1: no column x_1, y_1, x_2, y_2"):
        folder.load(file, boxes=True)


def test_manifests_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match="has a header, but no line"):
        folder.load(write_csv(tmp_path / "pets.csv", "label,path,split"))
    (tmp_path / "pets.csv").write_bytes(b"label,path,split\n\xff\xfe,a,train\n")
    with pytest.raises(InputError, match=r"pets.csv cannot be read"):
        folder.load(tmp_path / "pets.csv")
    (tmp_path / "pets.csv").write_bytes(b"")
    with pytest.raises(InputError, match="found nothing"):
        folder.load(tmp_path / "pets.csv")


def test_of_a_wide_table_the_first_columns_are_named(tmp_path):
    file = write_csv(tmp_path / "pets.csv", ",".join(f"c{number}" for number in range(96)))
    with pytest.raises(InputError, match=r"no column label, path, split \(found c0, c1, c2, c3, c4, c5 and 90 more\)"):
        folder.load(file)
