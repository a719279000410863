"""Parquet, a file or a folder of VectorDBBench: rows by row groups, ids that are no rows, mistakes in a line."""

import subprocess
import sys

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import converted, from_file, parquet
from datasets.stored.truth import with_truth
from datasets.vectors import exact, rows
from datasets.vectors.base import with_neighbors

RNG = np.random.default_rng(0)
GALLERY, QUERIES = (RNG.normal(size=(count, 6)).astype(np.float32) for count in (50, 7))
IDS = RNG.permutation(50) * 3 + 1000
NEAREST, _ = exact.search(QUERIES, GALLERY, 5)


@pytest.fixture
def pa():
    return pytest.importorskip("pyarrow")


@pytest.fixture
def write(pa):
    """The function that writes columns as a parquet file; rows of arrays become lists."""

    def write_one(path, *, size=None, **columns):
        from pyarrow import parquet as files

        values = {name: list(value) if getattr(value, "ndim", 1) == 2 else value for name, value in columns.items()}
        files.write_table(pa.table(values), path, row_group_size=size)
        return path

    return write_one


@pytest.fixture
def folder(tmp_path, write):
    """A folder of VectorDBBench, its gallery in three files of small row groups, whose ids are no rows."""
    for part, (start, end) in enumerate([(0, 20), (20, 21), (21, 50)]):
        name = tmp_path / f"shuffle_train-{part:02}-of-03.parquet"
        write(name, id=IDS[start:end], emb=GALLERY[start:end], size=8)
    write(tmp_path / "test.parquet", id=np.arange(7), emb=QUERIES)
    write(tmp_path / "neighbors.parquet", id=np.arange(7), neighbors_id=IDS[NEAREST])
    order = np.argsort(IDS)
    write(tmp_path / "scalar_labels.parquet", id=IDS[order], labels=[f"label {row}" for row in order])
    return tmp_path


@pytest.mark.parametrize("small", [0, 1 << 26])
def test_a_folder_gives_gallery_queries_and_neighbors_by_row(folder, monkeypatch, small):
    monkeypatch.setattr(converted, "_SMALL", small)
    monkeypatch.setattr(parquet, "_ROWS", 8)
    found = from_file.load(folder)
    assert (found.name, found.metric) == (folder.name, "euclidean") and rows.is_mapped(found.gallery) == (not small)
    for part, expected in ((found.gallery, GALLERY), (found.queries, QUERIES), (found.neighbors, NEAREST)):
        np.testing.assert_array_equal(part, expected)
    np.testing.assert_array_equal(with_truth(found, 5, cache=folder / "truth").neighbors, NEAREST)


def test_queries_in_another_order_than_their_neighbors(folder, write):
    order = RNG.permutation(7)
    write(folder / "test.parquet", id=order, emb=QUERIES[order])
    np.testing.assert_array_equal(from_file.load(folder).neighbors, NEAREST[order])


def test_without_queries_gallery_rows_ask(folder):
    (folder / "test.parquet").unlink()
    assert (from_file.load(folder).own_rows >= 0).all()
    assert not from_file.holds_queries(folder)


def test_one_file_with_any_column_of_lists(tmp_path, write, pa):
    ids = np.arange(50)
    fixed = pa.array(list(GALLERY.astype(np.float64)), pa.list_(pa.float64(), 6))
    for name, column in (("vec", GALLERY), ("embedding", fixed), ("codes", (GALLERY * 9).astype(np.int8))):
        path = write(tmp_path / f"{name}.parquet", id=ids, words=["a"] * 50, **{name: column})
        found = from_file.load(path).gallery
        assert found.dtype == (np.int8 if name == "codes" else np.float32)
        np.testing.assert_array_equal(found, (GALLERY * 9).astype(np.int8) if name == "codes" else GALLERY)


def test_truth_of_ids_beside_files(tmp_path, write):
    gallery = write(tmp_path / "g.parquet", id=IDS, emb=GALLERY)
    queries = write(tmp_path / "q.parquet", emb=QUERIES)
    truth = write(tmp_path / "n.parquet", neighbors_id=IDS[NEAREST])
    np.testing.assert_array_equal(from_file.load(gallery, queries=queries, truth=truth).neighbors, NEAREST)
    by_row = write(tmp_path / "r.parquet", neighbors_id=NEAREST)
    np.save(tmp_path / "g.npy", GALLERY)
    np.testing.assert_array_equal(from_file.load(tmp_path / "g.npy", queries=queries, truth=by_row).neighbors, NEAREST)
    assert with_neighbors(from_file.load(gallery), 3).neighbors.shape == (50, 3)


def test_what_is_wrong_is_said_in_one_line(tmp_path, write, folder, monkeypatch):
    lists = [[1.0, 2.0], [1.0, 2.0, 3.0]]
    bad = {
        "ragged": (write(tmp_path / "ragged.parquet", emb=lists), "row 1 of emb has 3 numbers, row 0 2"),
        "empty": (write(tmp_path / "empty.parquet", emb=[[1.0], None]), "row 1 of emb is empty"),
        "none": (
            write(tmp_path / "none.parquet", emb=["[1, 2]"]),
            r"no column holds lists of numbers; .*emb \(string\)",
        ),
        "two": (write(tmp_path / "two.parquet", a=GALLERY, b=GALLERY), "a, b all hold lists of numbers"),
    }
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "two.parquet").read_bytes()[:500])
    bad["cut"] = (tmp_path / "cut.parquet", "not a whole parquet file")
    bad["gone"] = (tmp_path / "gone.parquet", "there is no such file")
    for path, message in bad.values():
        with pytest.raises(InputError, match=rf"{path.name}: .*{message}") as error:
            from_file.load(path)
        assert "\n" not in str(error.value)
    (folder / "shuffle_train-01-of-03.parquet").unlink()
    with pytest.raises(InputError, match="of the 3 parts of the gallery, 1 are missing"):
        from_file.load(folder)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pyarrow is not installed; pip install .*\[parquet\]"):
        from_file.load(tmp_path / "two.parquet")


@pytest.mark.parametrize(
    "ids, message",
    [(np.where(IDS[NEAREST[0, 0]] == IDS, 7, IDS), "no row has the id"), (np.repeat(IDS[:25], 2), "stands twice")],
)
def test_ids_that_name_no_row_or_two(folder, write, ids, message):
    for path in folder.glob("shuffle_train*"):
        path.unlink()
    write(folder / "train.parquet", id=ids, emb=GALLERY)
    with pytest.raises(InputError, match=message):
        from_file.load(folder)


def test_a_folder_that_holds_its_own_queries_takes_no_others(folder):
    with pytest.raises(InputError, match="holds its own; leave the flag out"):
        from_file.load(folder, queries=folder / "test.parquet")


MEASURED = """
import resource, sys
from pathlib import Path
import pyarrow.parquet
from datasets.stored import parquet, converted
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
converted._SMALL = 0
small, large = map(Path, sys.argv[1:])
parquet.vectors([small])
before = peak()
found = parquet.vectors([large])
print(peak() - before, found.nbytes)
"""


def test_pandas_is_not_loaded_to_read_vectors(folder):
    """Its memory would count as that of every index that is measured in the process."""
    code = "import sys; from pathlib import Path; from datasets.stored import from_file; "
    code += "from_file.load(Path(sys.argv[1])); assert 'pyarrow' in sys.modules and 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, folder], check=True)


@pytest.mark.slow
def test_a_large_row_group_is_never_whole_in_memory(tmp_path, write):
    values = np.random.default_rng(1).random((80_000, 128), dtype=np.float32)
    import pyarrow

    emb = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(values.ravel()), 128)
    large, small = tmp_path / "large.parquet", tmp_path / "small.parquet"
    write(small, emb=emb[:5000])
    write(large, emb=emb)  # one row group of 41 MB
    ran = subprocess.run([sys.executable, "-c", MEASURED, small, large], capture_output=True, text=True, check=True)
    grown, size = map(int, ran.stdout.split())
    assert size == values.nbytes and grown < size / 3
