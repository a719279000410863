"""Runbooks as big-ann-benchmarks writes them: read, written, followed; whatever cannot be is one line."""

import numpy as np
import pytest
import yaml

from datasets.errors import InputError
from datasets.runbooks import yaml_file
from datasets.runbooks.history import follow
from datasets.runbooks.runbook import Step

THEIRS = """
small:
  max_pts: 8
  1:
    operation: "insert"
    start: 0
    end: 6
  2: {operation: search}
  3: {operation: delete, start: 1, end: 3}
  4: {operation: replace, tags_start: 4, tags_end: 6, ids_start: 8, ids_end: 10}
  5: {operation: insert, start: 1, end: 2}
  6: {operation: "search"}
  gt_url: "https://example.org/none"
other:
  max_pts: 1
  1: {operation: insert, start: 0, end: 1}
  2: {operation: search}
"""
INSERT, SEARCH = {"operation": "insert", "start": 0, "end": 6}, {"operation": "search"}


def write(path, content):
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def followed(tmp_path, content, *, data="small", count=10, only=""):
    runbook = yaml_file.read(write(tmp_path / "book.yaml", content), data, only=only)
    return follow(runbook, count, name="small")


def test_theirs_is_followed(tmp_path):
    found = followed(tmp_path, THEIRS)
    assert found.steps[0] == Step("insert", 0, 6) and found.steps[3] == Step("replace", 4, 6, 8)
    assert found.rows.tolist() == [0, 1, 2, 3, 4, 5, 8, 9, 1]
    assert found.tags.tolist() == [0, 1, 2, 3, 4, 5, 4, 5, 1]
    assert found.born.tolist() == [0] * 6 + [3, 3, 4]
    assert found.died.tolist() == [6, 2, 2, 6, 3, 3, 6, 6, 6]
    assert found.alive.tolist() == [6, 6, 4, 4, 5, 5] and found.searches.tolist() == [1, 5]
    assert found.comes(3).tolist() == [6, 7] and found.goes(3).tolist() == [4, 5]
    assert found.there(5).tolist() == [0, 3, 6, 7, 8]


def test_the_set_is_chosen_by_its_name(tmp_path):
    assert len(followed(tmp_path, THEIRS, data="other").rows) == 1
    assert len(followed(tmp_path, THEIRS, data="mine", only="other").rows) == 1
    assert len(followed(tmp_path, {"small": {1: INSERT, 2: SEARCH}}, data="mine").rows) == 6
    with pytest.raises(InputError, match="unknown set 'smal': did you mean small.*--runbook-set"):
        followed(tmp_path, THEIRS, data="smal")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([INSERT, SEARCH, {"operation": "delete", "start": 4, "end": 7}], "step 3: deletes id 6, which is not there"),
        ([INSERT, INSERT, SEARCH], "step 2: inserts id 0, which is there already"),
        ([{**INSERT, "end": 11}, SEARCH], "step 1: insert names vector 10; small has 10 rows, 0 to 9"),
        ([INSERT, {"operation": "serch"}], "step 2: unknown operation 'serch': did you mean search"),
        ([INSERT, {"start": 1}], "step 2: must have operation"),
        ([{"operation": "insert", "start": 0}], "insert needs end, a whole number"),
        ([{"operation": "insert", "start": -1, "end": 4}], "insert needs start, a whole number of at least 0"),
        ([{"operation": "insert", "start": 5, "end": 4}], "insert ends at 4, before its start 5"),
        ([INSERT], "no step that searches"),
        ([SEARCH], "step 1: searches though no row is there"),
        ([{**INSERT, "end": 9}, SEARCH], "step 1: 9 rows are there, more than max_pts, 8"),
        (
            [INSERT, {"operation": "replace", "tags_start": 5, "tags_end": 7, "ids_start": 8, "ids_end": 10}, SEARCH],
            "step 2: replaces id 6, which is not there",
        ),
        (
            [INSERT, {"operation": "replace", "tags_start": 0, "tags_end": 2, "ids_start": 8, "ids_end": 11}],
            "replaces 2 tags by 3 ids",
        ),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, steps, words):
    content = {"small": {"max_pts": 8, **dict(enumerate(steps, 1))}}
    with pytest.raises(InputError, match=f"--runbook=.*book.yaml: small: .*{words}") as error:
        followed(tmp_path, content)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: [", "not YAML"),
        ("[1, 2]", "must map a set of vectors to its steps"),
        ({"small": [1]}, "must have steps that are numbered from 1"),
        ({"small": {1: INSERT, 3: SEARCH}}, "step 2 is missing"),
        ({"small": {1: INSERT, 2: SEARCH, "max_pts": "many"}}, "max_pts must be a whole number"),
        ({"small": {1: INSERT, 2: SEARCH, "order": "none.npy"}}, "order: .*none.npy cannot be read"),
    ],
)
def test_a_file_that_is_none(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        followed(tmp_path, content)
    with pytest.raises(InputError, match="cannot be read"):
        yaml_file.read(tmp_path / "nowhere.yaml", "small")


@pytest.mark.parametrize("order", [None, np.array([3, 1, 2, 0, 9, 8, 7, 6, 5, 4])])
def test_what_is_written_is_read_again(tmp_path, order):
    before = yaml_file.read(write(tmp_path / "book.yaml", THEIRS), "small")
    object.__setattr__(before, "order", order)
    files = yaml_file.write(tmp_path / "mine.yaml", before, "small", 8)
    again = yaml_file.read(files[0], "small")
    assert (again.steps, again.most) == (before.steps, 8) and len(files) == 1 + (order is not None)
    found = follow(again, 10, name="small")
    assert found.rows.tolist()[:3] == ([0, 1, 2] if order is None else [3, 1, 2])
    with pytest.raises(InputError, match="its order is of other vectors" if order is not None else "names vector"):
        follow(again, 5, name="small")
    with pytest.raises(InputError, match="must end in .yaml"):
        yaml_file.write(tmp_path / "mine.txt", before, "small", 8)
