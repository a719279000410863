"""Source: the same set in every process, parts of it, and what is said about a name that is none."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from datasets import vectors
from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.sources.vector_source import Source
from datasets.stored import formats, vectors_file
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors

RNG = np.random.default_rng(0)
IMAGES = Embeddings(RNG.normal(size=(30, 4)).astype(np.float32), np.arange(30) % 3, tuple(map(str, range(30))))
ASKING = Embeddings(RNG.normal(size=(6, 4)).astype(np.float32), np.arange(6) % 3, ("4", "5", "x", "y", "z", "29"))


def saved(folder: Path, vector_set: VectorSet) -> str:
    vectors_file.save(folder / "vectors.h5", with_neighbors(vector_set, 5))
    return str(folder)


@pytest.fixture
def a_set_named(monkeypatch):
    """photo_sift made quickly; the roots that it was asked to load from."""
    roots = []

    def load(root: Path) -> VectorSet:
        roots.append(root)
        return VectorSet("photo_sift", "euclidean", IMAGES.vectors, ASKING.vectors)

    monkeypatch.setattr(vectors, "get", lambda name: SimpleNamespace(load=load))
    return roots


def test_a_source_survives_json_and_gives_the_same_set(tmp_path):
    source = Source(data=saved(tmp_path, from_embeddings(ASKING, IMAGES, name="birds")), rows=20, max_queries=4)
    again = Source(**json.loads(json.dumps(asdict(source))))
    assert again == source and again.load().fingerprint() == source.load().fingerprint()


def test_named_sets_load_from_their_root(a_set_named):
    assert Source().load().name == "photo_sift"
    assert Source(data_path="elsewhere", metric="angular").load().metric == "angular"
    assert a_set_named == [Path("data"), Path("elsewhere")]


def test_what_is_not_the_whole_set_under_its_own_metric_has_its_own_name(a_set_named, tmp_path):
    assert Source(metric="euclidean", rows=99, max_queries=99).load().name == "photo_sift"
    assert Source(metric="angular").load().name == "photo_sift-angular"
    assert Source(max_queries=4).load().name == "photo_sift-q4"
    assert Source(metric="angular", rows=20, max_queries=4).load().name == "photo_sift-angular-20-q4"
    path = saved(tmp_path, from_embeddings(ASKING, IMAGES, name="birds", metric="angular"))
    names = {Source(data=path, metric=metric).load().name for metric in ("", "angular", "euclidean")}
    assert names == {"birds", "birds-euclidean"}


def test_files_by_either_flag(tmp_path):
    formats.write(tmp_path / "g.fvecs", IMAGES.vectors)
    formats.write(tmp_path / "q.fvecs", ASKING.vectors)
    queries = str(tmp_path / "q.fvecs")
    one = Source(data=str(tmp_path / "g.fvecs"), queries=queries).load()
    other = Source(data="from_file", data_path=str(tmp_path / "g.fvecs"), queries=queries).load()
    assert one.fingerprint() == other.fingerprint() and len(one.queries) == 6


def test_fewer_rows_lose_the_neighbors_and_keep_whose_rows_they_are(tmp_path):
    found = Source(data=saved(tmp_path, from_embeddings(ASKING, IMAGES, name="birds")), rows=29).load()
    assert (found.name, len(found.gallery), found.neighbors) == ("birds-29", 29, None)
    assert found.own_rows.tolist() == [4, 5, -1, -1, -1, -1]
    assert len(found.gallery_labels) == len(found.gallery_paths) == 29 and len(found.query_labels) == 6
    np.testing.assert_array_equal(found.gallery, IMAGES.vectors[:29])


def test_fewer_queries_keep_their_neighbors(tmp_path):
    whole = Source(data=saved(tmp_path, from_embeddings(ASKING, IMAGES, name="birds"))).load()
    found = Source(data=str(tmp_path), max_queries=2).load()
    assert found.name == "birds-q2" and found.own_rows.tolist() == [4, 5] and found.query_paths == ("4", "5")
    for name in ("queries", "neighbors", "distances", "query_labels"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[:2])


def test_parts_of_a_leave_one_out_set(tmp_path):
    path = saved(tmp_path, from_embeddings(IMAGES, None, name="loo"))
    found = Source(data=path, max_queries=3).load()
    assert not found.leave_one_out and found.own_rows.tolist() == [0, 1, 2] and len(found.gallery) == 30
    found = Source(data=path, rows=2).load()
    assert found.own_rows.tolist() == [0, 1] + [-1] * 28 and len(found.queries) == 30
    assert Source(data=path, rows=30, max_queries=99).load().leave_one_out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"data": "photo_sit"}, "unknown dataset 'photo_sit': did you mean photo_sift"),
        ({"data": "gone.fvecs"}, r"--data=gone\.fvecs: there is no such file"),
        ({"data": "gone.npz"}, r"--data=gone\.npz: there is no such file"),
        ({"data": "runs/gone"}, "--data=runs/gone: there is no such file"),
        ({"data": "from_file"}, "--data=from_file: name the file .* --data-path"),
        ({"queries": "q.fvecs"}, r"--queries=q\.fvecs: photo_sift has its own"),
        ({"truth": "t.ivecs"}, r"--truth=t\.ivecs: photo_sift has its own"),
        ({"rows": -1}, "--rows=-1"),
        ({"max_queries": -2}, "--max-queries=-2"),
    ],
)
def test_what_is_no_source_is_said_in_one_line(flags, message):
    with pytest.raises(InputError, match=message):
        Source(**flags).load()


def test_a_metric_that_is_none(a_set_named):
    with pytest.raises(InputError, match="unknown metric 'euclid': did you mean euclidean"):
        Source(metric="euclid").load()


def test_parts_keep_their_cameras_and_no_pairs(tmp_path):
    images = replace(IMAGES, cameras=np.arange(30) % 4)
    whole = from_embeddings(replace(ASKING, cameras=np.arange(6)), images, name="crossing")
    part = Source(data=saved(tmp_path, whole), rows=20, max_queries=4).load()
    assert part.gallery_cameras.tolist() == [row % 4 for row in range(20)]
    assert part.query_cameras.tolist() == [0, 1, 2, 3]
    pairs = Pairs(np.array([[0, 29]]), np.array([True]), np.array([0]))
    faces = replace(from_embeddings(IMAGES, None, name="faces"), pairs=pairs)
    assert Source(data=saved(tmp_path, faces), rows=20).load().pairs is None
