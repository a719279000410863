"""Names of folders: what could lead out of the folder that holds them is refused in one line."""

import pytest

from datasets.errors import InputError
from datasets.files.folder_name import LONGEST, check_name


@pytest.mark.parametrize("name", ["", "x", "glyphs-margin", "CUB_200_2011", "run 2", "..x", "-", "ä" * (LONGEST // 2)])
def test_names_of_one_folder(name):
    check_name("--name", name)


@pytest.mark.parametrize(
    "name",
    ["../../x", "..", ".", "a/b", "/tmp/x", "x/", "..\\x", " x", "x ", "x\n", "x\ty", "\0", "\udcff", " ", "x" * 201]
    + ["ä" * (LONGEST // 2 + 1)],
)
def test_what_is_no_name_of_one_folder(name):
    with pytest.raises(InputError, match="^--name=") as error:
        check_name("--name", name)
    assert str(error.value).isprintable()
