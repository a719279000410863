"""Class folders and CSV manifests are read, and what is wrong with them is named with its place."""

import logging
import re
import shutil
import zipfile

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
    """The file, and every picture that its lines name."""
    for name in re.findall(r'[^,;"]+\.jpg', ",".join(lines)):
        (file.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (file.parent / name).touch()
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
    with pytest.raises(InputError, match=r"has 3 class folder\(s\): to train"):
        folder.load(root)
    (root / "d" / "0.jpg").touch()
    with pytest.raises(InputError, match=r"has 3 class folder\(s\) with two images or more, 1 with one"):
        folder.load(root)
    with pytest.raises(InputError, match="has no boxes"):
        folder.load(root, boxes=True)


def test_a_wrong_root_is_named(tmp_path):
    (tmp_path / "file.txt").touch()
    for root, message in [
        (tmp_path / "nowhere", "nowhere is not there"),
        (tmp_path / "nowhere.csv", "nowhere.csv is not there"),
        (tmp_path / "file.txt", "neither a folder nor an archive nor a CSV file"),
        (None, "needs a folder"),
    ]:
        with pytest.raises(InputError, match=message):
            folder.load(root)


def test_manifest_says_labels_paths_and_split(tmp_path):
    pets = folder.load(write_csv(tmp_path / "some" / "pets.csv", "path,split,label", *(
        "z0.jpg,train,zebra", '"deep/a 0.jpg",test,ant', f"{tmp_path}/z1.jpg,train,zebra", "a1.jpg,validation,ant",
    )))  # fmt: skip
    assert pets.name == "pets" and pets.class_names == ("ant", "zebra")
    assert pets.images == [str(tmp_path / "some" / "z0.jpg"), str(tmp_path / "some" / "deep" / "a 0.jpg"),
                           str(tmp_path / "z1.jpg"), str(tmp_path / "some" / "a1.jpg")]  # fmt: skip
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
        ("label,path,split", "c,a0.jpg,train", r"line 6: .*a0\.jpg is of class 'c' here and 'a' in line 2"),
        ("label,path,split", "b,b0.jpg,train", r"line 6: .*b0\.jpg is to train here and test in line 4"),
        ("label,path,split", "b,gone,train", "line 6: .*gone is not there: mend the list"),
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
    with pytest.raises(InputError, match=r"pets.csv, line 2: cannot be read, it is no UTF-8 text"):
        folder.load(tmp_path / "pets.csv")
    (tmp_path / "pets.csv").write_bytes(b"")
    with pytest.raises(InputError, match="found nothing"):
        folder.load(tmp_path / "pets.csv")


def test_of_a_wide_table_the_first_columns_are_named(tmp_path):
    file = write_csv(tmp_path / "pets.csv", ",".join(f"c{number}" for number in range(96)))
    with pytest.raises(InputError, match=r"no column label, path, split \(found c0, c1, c2, c3, c4, c5 and 90 more\)"):
        folder.load(file)


def test_a_class_with_one_image_stays_in_the_gallery_alone(tmp_path, caplog):
    write_classes(tmp_path, "a", "b", "c", "d", "e")
    write_classes(tmp_path, "b1", "d1", images=("0.jpg",))
    with caplog.at_level(logging.INFO):
        pets = folder.load(tmp_path)
    names = np.array(pets.class_names)
    assert list(names[pets.labels[pets.train]]) == ["a", "a", "b", "b"]
    assert list(names[pets.labels[pets.query]]) == ["c", "c", "d", "d", "e", "e"]
    assert set(names[pets.labels[pets.gallery]]) == {"b1", "c", "d", "d1", "e"}
    assert "2 class(es) with one image in the test part ask nothing, such as 'b1'" in caplog.text


def test_a_training_class_with_one_image_trains_nothing(tmp_path, caplog):
    write_classes(tmp_path / "train", "a", "b")
    write_classes(tmp_path / "train", "c", images=("0.jpg",))
    write_classes(tmp_path / "test", "d", "e")
    with caplog.at_level(logging.INFO):
        pets = folder.load(tmp_path)
    assert len(pets.train) == 4 and len(pets) == 9
    assert pets.leave_one_out and len(pets.query) == 4
    assert "1 class(es) with one image in the train part train nothing, such as 'c'" in caplog.text


def test_crops_of_one_file_go_on_asking_where_one_is_alone(tmp_path):
    lines = ("a,0.jpg,train,0,0,1,1", "a,1.jpg,train,0,0,1,1", "b,2.jpg,test,0,0,1,1", "b,2.jpg,test,5,5,9,9",
             "c,2.jpg,test,3,3,5,5")  # fmt: skip
    file = write_csv(tmp_path / "pets.csv", "label,path,split,x_1,y_1,x_2,y_2", *lines)
    pets = folder.load(file, boxes=True)
    assert pets.leave_one_out and pets.query.tolist() == [2, 3, 4]
    with pytest.raises(InputError, match=r"2\.jpg is of class 'c' here and 'b' in line 4"):
        folder.load(file)


def test_nested_folders_are_classes_by_their_path(tmp_path, caplog):
    write_classes(tmp_path, "animals", "animals/cat", "animals/dog", "cars/old", "cars/new")
    with caplog.at_level(logging.INFO):
        pets = folder.load(tmp_path)
    assert pets.class_names == ("animals", "animals/cat", "animals/dog", "cars/new", "cars/old")
    assert "2 lie in folders of other classes, such as animals/cat" in caplog.text
    assert len(pets.train) == 4 and len(pets.query) == 6


def test_pictures_beside_the_class_folders_and_all_else_are_counted(tmp_path, caplog):
    write_classes(tmp_path, "a", "b", "c", "d")
    write_classes(tmp_path, "@eaDir", "empty", images=())
    for name in ("one.jpg", "two.jpg", "notes.txt", "a/Thumbs.db"):
        (tmp_path / name).touch()
    with caplog.at_level(logging.INFO):
        assert len(folder.load(tmp_path)) == 8
    (line,) = caplog.messages
    for part in ("2 images beside the class folders (such as one.jpg)", "1 file of other kinds (notes.txt)",
                 "1 hidden or system file (a/Thumbs.db)", "1 hidden or system folder (@eaDir)",
                 "1 empty folder (empty)"):  # fmt: skip
        assert part in line


@pytest.mark.parametrize("tests", ["test", "Testing", "val", "valid", "validation"])
def test_parts_are_known_by_many_names(tmp_path, tests):
    write_classes(tmp_path / "Train", "a", "b")
    write_classes(tmp_path / tests, "a", "c")
    pets = folder.load(tmp_path)
    assert pets.train.tolist() == [0, 1, 2, 3]
    assert pets.leave_one_out and pets.query.tolist() == [4, 5, 6, 7]
    assert pets.labels.tolist() == [0, 0, 1, 1, 0, 0, 2, 2]


def test_of_val_and_test_only_test_is_judged_on_and_that_is_told(tmp_path, caplog):
    for part in ("train", "val", "test"):
        write_classes(tmp_path / part, part, f"{part}2")
    with caplog.at_level(logging.INFO):
        pets = folder.load(tmp_path)
    assert pets.class_names == ("test", "test2", "train", "train2")
    assert "train, test make the set; not used: val" in caplog.text


def test_query_and_gallery_folders_ask_and_answer(tmp_path):
    write_classes(tmp_path / "train", "a", "b")
    write_classes(tmp_path / "query", "c", "d", images=("0.jpg",))
    write_classes(tmp_path / "gallery", "c", "d", "e")
    pets = folder.load(tmp_path)
    assert pets.query.tolist() == [4, 5] and pets.gallery.tolist() == [6, 7, 8, 9, 10, 11]
    assert [pets.class_names[label] for label in pets.labels[pets.query]] == ["c", "d"]


def test_a_part_without_class_folders_is_said(tmp_path):
    write_classes(tmp_path / "train", "a", "b")
    write_classes(tmp_path, "test")
    with pytest.raises(InputError, match="test has no class folders"):
        folder.load(tmp_path)


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("inner", ["", "photos/"])
def test_an_archive_is_as_the_folder_that_was_packed(tmp_path, kind, inner):
    root = tmp_path / "pets"
    write_classes(root / inner / "train", "a", "b")
    write_classes(root / inner / "test", "a", "a-b", "c")
    wanted = folder.load(root)
    shutil.make_archive(str(root), kind, root)
    found = folder.load(f"{root}.{kind}")
    assert found.name == wanted.name == "pets" and found.class_names == wanted.class_names
    assert [path.replace(f"pets.{kind}", "pets") for path in found.images] == wanted.images
    assert found.labels.tolist() == wanted.labels.tolist() and found.query.tolist() == wanted.query.tolist()


def test_a_manifest_in_an_archive_names_the_images_beside_it(tmp_path):
    file = write_csv(tmp_path / "sub" / "pets.csv", "label;path;split", *(row.replace(",", ";") for row in MANIFEST))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packing:
        packing.write(file, "sub/pets.csv")
        for row in MANIFEST:
            packing.writestr(f"sub/{row.split(',')[1]}", b"x")
    pets = folder.load(tmp_path / "all.zip" / "sub" / "pets.csv")
    assert pets.name == "pets" and pets.images[0] == f"{tmp_path}/all.zip/sub/a0.jpg"


def test_a_manifest_that_names_an_image_again_is_told_and_takes_it_once(tmp_path, caplog):
    header = "label,path,split,is_query,is_gallery"
    lines = ("a,0.jpg,train,,", "a,1.jpg,train,,", "b,2.jpg,test,1,0", "b,./2.jpg,test,0,1", "b,3.jpg,test,0,1")
    pets = folder.load(write_csv(tmp_path / "pets.csv", header, *lines))
    assert len(pets) == 4 and pets.query.tolist() == [2] and pets.gallery.tolist() == [2, 3]
    assert "2.jpg stands in line 4 and in line 5; 1 line(s)" in caplog.text
