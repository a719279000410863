"""Plug-in folders list their files and find them by name."""

import pytest

import datasets.images
from datasets.errors import InputError
from datasets.plugins import Folder


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A plug-in folder of three files, of which ``base`` is no plug-in."""
    folder = tmp_path / "some_losses"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name in ("triplet", "margin", "base"):
        (folder / f"{name}.py").write_text(f"NAME = {name!r}")
    monkeypatch.syspath_prepend(tmp_path)
    return __import__("some_losses").__name__


def test_names_are_the_files_in_order(package):
    assert Folder(package, kind="loss", besides=()).names() == ["base", "margin", "triplet"]
    assert Folder(package, kind="loss").names() == ["margin", "triplet"]


def test_get_imports_the_file(package):
    assert Folder(package, kind="loss").get("margin").NAME == "margin"


def test_unknown_name_suggests_the_nearest(package):
    with pytest.raises(InputError, match=r"unknown loss 'magin': did you mean margin\? known are margin, triplet"):
        Folder(package, kind="loss").get("magin")


def test_name_like_no_other_gets_the_list_only(package):
    with pytest.raises(InputError, match=r"unknown loss 'xyz': known are"):
        Folder(package, kind="loss").get("xyz")


def test_what_is_no_plugin_is_unknown(package):
    with pytest.raises(InputError, match="unknown loss 'base'"):
        Folder(package, kind="loss").get("base")


def test_image_sets_are_found_under_the_names_of_other_programs():
    assert datasets.images.get("CUB_200_2011") is datasets.images.get("cub200")
    assert "base" not in datasets.images.names()
