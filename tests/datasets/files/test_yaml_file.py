"""YAML that maps names: what it is, and one line where it is not."""

import pytest

from datasets.errors import InputError
from datasets.files import yaml_file


def test_a_mapping_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("älter: year<2008")
    assert yaml_file.mapping(tmp_path / "a.yaml", where="--filter", wanted="names") == {"älter": "year<2008"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [", "--filter: not YAML: "),
        (b"\xff", "--filter: cannot be read"),
        (b"- a", "must map names"),
        (b"", "map"),
    ],
)
def test_anything_else_is_one_line(tmp_path, content, words):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(InputError, match=words) as error:
        yaml_file.mapping(tmp_path / "a.yaml", where="--filter", wanted="names")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="--grid: cannot be read \\(No such file"):
        yaml_file.mapping(tmp_path / "none", where="--grid", wanted="names")
