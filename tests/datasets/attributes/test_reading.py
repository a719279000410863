"""Attributes from files: what spreadsheets write, parquet, sparse matrices, and what is wrong with them in one line."""

import numpy as np
import pytest

from datasets.attributes import cells, reading, spmat
from datasets.attributes.table import Attributes
from datasets.errors import InputError


def file(tmp_path, text, name="a.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "given, expected",
    [
        (["1", "-2", "+3"], np.array([1, -2, 3])),
        (["1", "", "3"], np.array([1, np.nan, 3])),
        (["1.5", ".5", "2e3"], np.array([1.5, 0.5, 2000])),
        (["01067", "12"], np.array(["01067", "12"])),
        (["nan", "1"], np.array(["nan", "1"])),
        (["9007199254740993", ""], np.array(["9007199254740993", ""])),
        (["", ""], np.array(["", ""])),
        (["12345678901234567890"], np.array(["12345678901234567890"])),
    ],
)
def test_cells_become_numbers_where_all_of_them_are(given, expected):
    found = cells.typed(given)
    assert found.dtype.kind == expected.dtype.kind
    np.testing.assert_array_equal(found, expected)


def test_a_table_as_spreadsheets_write_it(tmp_path):
    found = reading.read(file(tmp_path, '\ufeff;Make;"Year"\r\n0;Ford;1999\r\n1;"a;b";\r\n\r\n3;VW;2001\r\n\r\n;;\r\n'))
    assert list(found.columns) == ["make", "year"] and len(found) == 4
    assert found.columns["make"].tolist() == ["Ford", "a;b", "", "VW"]
    np.testing.assert_array_equal(found.columns["year"], [1999, np.nan, np.nan, 2001])


def test_queries_are_read_as_the_gallery_is(tmp_path):
    gallery = Attributes({"first": np.array(["a", "1"]), "size": np.array([1, 2])})
    found = reading.read(file(tmp_path, "first,size,other\n1,\n2,7,x\n"), like=gallery)
    assert found.columns["first"].tolist() == ["1", "2"]
    np.testing.assert_array_equal(found.columns["size"], [np.nan, 7])
    with pytest.raises(InputError, match="column size holds 'x', but numbers in the gallery"):
        reading.read(file(tmp_path, "size\nx\n"), like=gallery)


def tags_of(*rows):
    return np.cumsum([0, *map(len, rows)]).astype(np.int64), np.array(sum(rows, []), np.int32)


def test_sparse_matrices_are_tags_in_order(tmp_path):
    path = tmp_path / "tags.spmat"
    spmat.write(path, tags_of([5, 2], [], [0, 9]), 10)
    found = reading.read(f"{path},{file(tmp_path, 'size' + chr(10) + '1' + chr(10) * 2 + '3' + chr(10))}")
    assert [found.tags_of(row) for row in range(3)] == [(2, 5), (), (0, 9)]
    assert len(found) == 3 and found.names == ("size", "tags")
    some = found.take(np.array([2, 0]))
    assert [some.tags_of(row) for row in range(2)] == [(0, 9), (2, 5)]
    assert found.rows(1, 3).tags_of(1) == (0, 9) and len(found.rows(1, 3)) == 2


def test_a_sparse_matrix_that_is_none(tmp_path):
    path = tmp_path / "tags.spmat"
    for change, message in (
        (lambda data: data[:-4], "another number of bytes"),
        (lambda data: data[:20], "cut short"),
        (lambda data: data[:24] + np.array([0, 3, 2, 4], "<i8").tobytes() + data[56:], "do not begin one after"),
        (lambda data: data[:8] + np.array([4], "<i8").tobytes() + data[16:], "names column 9, its head says 4"),
    ):
        spmat.write(path, tags_of([5, 2], [], [0, 9]), 10)
        path.write_bytes(change(path.read_bytes()))
        with pytest.raises(InputError, match=message):
            reading.read(str(path))


@pytest.mark.parametrize(
    "text, message",
    [
        ("a,b\n1,2,3\n", "row 2: more cells than the header has"),
        ("a,A\n1,2\n", "column a is there twice"),
    ],
)
def test_tables_that_cannot_be(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        reading.read(file(tmp_path, text))


def test_files_that_do_not_fit_each_other(tmp_path):
    one, other = file(tmp_path, "a\n1\n2\n"), file(tmp_path, "b\n1\n", "b.csv")
    with pytest.raises(InputError, match="a.csv has 2 rows, .*b.csv 1;"):
        reading.read(f"{one},{other}")
    with pytest.raises(InputError, match="column a is in two files"):
        reading.read(f"{one},{one}")
    with pytest.raises(InputError, match="are read from .csv"):
        reading.read("a.json")
    with pytest.raises(InputError, match="there is no such file"):
        reading.read(str(tmp_path / "no.csv"))


def test_parquet_by_row_groups(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    table = pyarrow.table(
        {
            "Label": ["x", None, "z"],
            "n": [1, 2, 3],
            "part": [0.5, None, 2.5],
            "sold": [True, False, None],
            "marks": [[3, 1], None, [2]],
            "emb": [[0.1], [0.2], [0.3]],
        }
    )
    parquet.write_table(table, path, row_group_size=2)
    found = reading.read(str(path))
    assert found.columns["label"].tolist() == ["x", "", "z"] and found.columns["sold"].tolist() == ["true", "false", ""]
    assert found.columns["n"].dtype == np.int64 and set(found.columns) == {"label", "n", "part", "sold"}
    np.testing.assert_array_equal(found.columns["part"], [0.5, np.nan, 2.5])
    assert [found.tags_of(row) for row in range(3)] == [(1, 3), (), (2,)]
    path.write_text("nothing")
    with pytest.raises(InputError, match="cannot be read as parquet"):
        reading.read(str(path))


def test_rows_are_put_into_the_order_of_ids(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    labels = {"id": [7, 5, 9, 8], "labels": ["g", "e", "i", "h"], "marks": [[7], [5, 6], [], [8]]}
    parquet.write_table(pyarrow.table(labels), tmp_path / reading.LABELS)
    sizes = file(tmp_path, "id,size\n9,90\n8,80\n7,70\n5,50\n")
    found = reading.read(f"{tmp_path},{sizes}", ids=np.array([5, 9, 7]))
    assert {name: values.tolist() for name, values in found.columns.items()} == {
        "id": [5, 9, 7],
        "labels": ["e", "i", "g"],
        "size": [50, 90, 70],
    }
    assert [found.tags_of(row) for row in range(3)] == [(5, 6), (), (7,)]
    assert reading.read(sizes).columns["size"].tolist() == [90, 80, 70, 50]  # no ids, the order of the file
    plain = file(tmp_path, "size\n1\n2\n3\n", "plain.csv")
    assert reading.read(plain, ids=np.array([5, 9, 7])).columns["size"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "rows, message",
    [
        ("5\n7\n", "no row has the id 9, as row 1 of the gallery has; .*give it another name"),
        ("5\n9\n5\n", "the id 5 stands twice"),
        ("5\n\n9\n", "no whole number"),
        ("a\n", "no whole number"),
        ("", "no whole number"),
    ],
)
def test_ids_that_are_not_those_of_the_gallery(tmp_path, rows, message):
    with pytest.raises(InputError, match=rf"--attributes=.*a\.csv: .*{message}"):
        reading.read(file(tmp_path, f"id\n{rows}"), ids=np.array([5, 9]))


def test_numbers_in_parquet_that_are_too_large_are_text(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path, wide = tmp_path / "a.parquet", pyarrow.array([2**63 + 5, 1, 2], pyarrow.uint64())
    parquet.write_table(pyarrow.table({"wide": wide, "gap": [2**60 + 1, None, 3], "small": [2**52, None, 3]}), path)
    found = reading.read(str(path)).columns
    assert found["wide"].tolist() == [str(2**63 + 5), "1", "2"]
    assert found["gap"].tolist() == [str(2**60 + 1), "", "3"]
    np.testing.assert_array_equal(found["small"], [2**52, np.nan, 3])
    parquet.write_table(pyarrow.table({"tags": [[3], [2**33 + 7]]}), path)
    with pytest.raises(InputError, match=f"from 0 to {2**31 - 1}, not {2**33 + 7}"):
        reading.read(str(path))


def test_parquet_without_its_library(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pyarrow reads parquet and is not installed; pip install .*\[parquet\]"):
        reading.read(file(tmp_path, "", "a.parquet"))
