"""A prefix of deep1b costs its own bytes only, tells its own length, and comes with its official neighbors."""

import os

import numpy as np
import pytest

from datasets import vectors
from datasets.errors import InputError
from datasets.vectors import deep1b

ROWS, QUERIES, DIM = 400, 7, 6
BASE = np.random.default_rng(0).standard_normal((ROWS, DIM)).astype(np.float32)
ASKED = np.random.default_rng(1).standard_normal((QUERIES, DIM)).astype(np.float32)


def fbin(rows):
    return np.array(rows.shape, "<u4").tobytes() + rows.tobytes()


def truth_of(rows):
    """The file of the 5 nearest of the first ``rows``, squared distances as there, and the ids."""
    squared = ((ASKED[:, None] - BASE[None, :rows]) ** 2).sum(axis=2)
    ids = np.argsort(squared, axis=1)[:, :5]
    nearest = np.take_along_axis(squared, ids, axis=1).astype("<f4")
    return np.array(ids.shape, "<u4").tobytes() + ids.astype("<i4").tobytes() + nearest.tobytes(), ids


@pytest.fixture
def mirror(server, monkeypatch):
    """deep1b of 400 rows, whose prefixes have 10, 40 and 100."""
    server.files = {"base.1B.fbin": fbin(BASE), "query.public.10K.fbin": fbin(ASKED)}
    server.files |= {f"truth{rows}": truth_of(rows)[0] for rows in (40, 100, 400)}
    for name, value in {"ROWS": ROWS, "QUERIES": QUERIES, "DIM": DIM}.items():
        monkeypatch.setattr(deep1b, name, value)
    monkeypatch.setattr(deep1b, "BASE_URL", f"{server.address}/base.1B.fbin")
    monkeypatch.setattr(deep1b, "QUERY_URL", f"{server.address}/query.public.10K.fbin")
    lengths = {"deep1m": 10, "deep10m": 40, "deep100m": 100, "deep1b": ROWS}
    prefixes = {
        name: deep1b.Prefix(rows, f"{server.address}/truth{rows}" if rows > 10 else "")
        for name, rows in lengths.items()
    }
    monkeypatch.setattr(deep1b, "PREFIXES", prefixes)
    return server


def asked_of_base(mirror):
    return [wanted for name, wanted in mirror.asked if name == "base.1B.fbin"]


@pytest.mark.parametrize(("name", "rows"), [("deep1m", 10), ("deep10m", 40), ("deep100m", 100), ("deep1b", 400)])
def test_a_prefix_has_the_first_rows_and_costs_no_more(mirror, tmp_path, name, rows):
    for _ in range(2):
        found = vectors.get(name).load(tmp_path)
        assert (found.name, found.metric) == (name, "euclidean")
        np.testing.assert_array_equal(found.gallery, BASE[:rows])
        np.testing.assert_array_equal(found.queries, ASKED)
    assert asked_of_base(mirror) == [f"bytes=0-{8 + rows * DIM * 4 - 1}"]
    others = len(fbin(ASKED)) + (len(truth_of(rows)[0]) if rows > 10 else 0)
    assert mirror.sent == 8 + rows * DIM * 4 + others


def test_official_neighbors_come_with_the_set_where_there_are_any(mirror, tmp_path):
    for name, rows in (("deep10m", 40), ("deep100m", 100), ("deep1b", ROWS)):
        np.testing.assert_array_equal(vectors.get(name).load(tmp_path).neighbors, truth_of(rows)[1])
    assert vectors.get("deep1m").load(tmp_path).neighbors is None


def test_a_longer_prefix_that_is_there_is_taken(mirror, tmp_path):
    vectors.get("deep100m").load(tmp_path)
    for name, rows in (("deep1m", 10), ("deep10m", 40)):
        found = vectors.get(name).load(tmp_path)
        np.testing.assert_array_equal(found.gallery, BASE[:rows])
        assert found.neighbors is None or (found.neighbors == truth_of(rows)[1]).all()
    assert len(asked_of_base(mirror)) == 1
    assert len(vectors.get("deep1b").load(tmp_path).gallery) == ROWS and len(asked_of_base(mirror)) == 2


def test_a_cut_download_goes_on(mirror, tmp_path):
    size = 8 + 40 * DIM * 4
    (tmp_path / "deep1b").mkdir()
    (tmp_path / "deep1b" / "base.1B.crop_nb_40.first.part").write_bytes(fbin(BASE)[:100])
    np.testing.assert_array_equal(vectors.get("deep10m").load(tmp_path).gallery, BASE[:40])
    assert asked_of_base(mirror) == [f"bytes=100-{size - 1}"]


@pytest.mark.parametrize("count", [ROWS, 40])
def test_a_call_killed_before_the_last_step_is_finished_without_a_download(mirror, tmp_path, count):
    (tmp_path / "deep1b").mkdir()
    killed = np.array([count, DIM], "<u4").tobytes() + BASE[:40].tobytes()  # before or after the header was set
    (tmp_path / "deep1b" / "base.1B.crop_nb_40.first").write_bytes(killed)
    np.testing.assert_array_equal(vectors.get("deep10m").load(tmp_path).gallery, BASE[:40])
    assert asked_of_base(mirror) == []


def test_a_base_with_another_header_is_refused_and_not_kept(mirror, tmp_path):
    mirror.files["base.1B.fbin"] = fbin(BASE.reshape(-1, DIM // 2))
    with pytest.raises(InputError, match=r"base.1B.fbin: its header says 800 x 3, not 400 x 6: it has changed"):
        vectors.get("deep1m").load(tmp_path)
    assert os.listdir(tmp_path / "deep1b") == ["query.public.10K.fbin"]


def test_neighbors_of_other_vectors_are_refused(mirror, tmp_path):
    mirror.files["truth40"] = mirror.files["truth400"]
    vectors.get("deep1b").load(tmp_path)  # so that the ids are rows of the file, but not of the set
    with pytest.raises(InputError, match=r"groundtruth.deep10m.bin: .*belongs to other vectors"):
        vectors.get("deep10m").load(tmp_path)


def test_a_prefix_that_is_not_there_is_named(mirror, tmp_path):
    del mirror.files["truth40"]
    with pytest.raises(InputError, match=r"/truth40: the server answered 404"):
        vectors.get("deep10m").load(tmp_path)


def test_the_numbers_of_the_real_set():
    sizes = {name: deep1b.HEADER + prefix.rows * deep1b.DIM * 4 for name, prefix in deep1b.PREFIXES.items()}
    assert sizes == {
        "deep1m": 384_000_008,
        "deep10m": 3_840_000_008,
        "deep100m": 38_400_000_008,
        "deep1b": 384_000_000_008,
    }
