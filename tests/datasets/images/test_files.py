"""A folder of unlabelled images."""

import pytest

from datasets.errors import InputError
from datasets.images import files


def test_all_images_at_any_depth_and_nothing_else(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.jpg", "deep/a.PNG", "deep/er/c.webp", "notes.txt"):
        (tmp_path / name).touch()
    found = files.load(tmp_path)
    assert [path.removeprefix(f"{tmp_path}/") for path in found.images] == ["b.jpg", "deep/a.PNG", "deep/er/c.webp"]
    assert found.leave_one_out
    assert len(found.train) == 0


@pytest.mark.parametrize("root", [None, "gone"])
def test_no_folder_is_said(tmp_path, root):
    with pytest.raises(InputError, match="needs a folder of images"):
        files.load(root and tmp_path / root)


def test_an_empty_folder_and_boxes_are_said(tmp_path):
    with pytest.raises(InputError, match=r"holds 0 image\(s\)"):
        files.load(tmp_path)
    with pytest.raises(InputError, match="no boxes"):
        files.load(tmp_path, boxes=True)
