"""sift1m and gist1m: found where they were unpacked, else from their archive, with the official neighbors."""

import dataclasses
import hashlib
import io
import re
import tarfile

import numpy as np
import pytest

from datasets import vectors
from datasets.errors import InputError
from datasets.vectors import gist1m, sift1m

RNG = np.random.default_rng(0)
BASE = RNG.integers(0, 200, (50, 8)).astype("<f4")
ASKED = RNG.integers(0, 200, (4, 8)).astype("<f4")
TRUTH = np.argsort(((ASKED[:, None] - BASE[None]) ** 2).sum(axis=2), axis=1)[:, :10].astype("<i4")
SETS = {"sift1m": (sift1m, "sift"), "gist1m": (gist1m, "gist")}


def records(rows):
    """The bytes of an fvecs or ivecs file, row by row."""
    return b"".join(np.int32(len(row)).tobytes() + row.tobytes() for row in rows)


def files_of(stem):
    parts = {"base.fvecs": BASE, "query.fvecs": ASKED, "groundtruth.ivecs": TRUTH}
    return {f"{stem}_{part}": records(rows) for part, rows in parts.items()}


def archive_of(files, folder):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture(params=SETS)
def name(request):
    return request.param


@pytest.fixture
def mirror(server, monkeypatch, name):
    """A server with the archive of the set."""
    module, stem = SETS[name]
    serve(server, monkeypatch, module, archive_of(files_of(stem), stem))
    return server


def serve(server, monkeypatch, module, archive):
    stem = module.CORPUS.stem
    server.files[f"{stem}.tar.gz"] = archive
    there = {"url": f"{server.address}/{stem}.tar.gz", "size": len(archive), "md5": hashlib.md5(archive).hexdigest()}
    monkeypatch.setattr(module, "CORPUS", dataclasses.replace(module.CORPUS, **there))


def assert_is_the_set(found, name):
    assert (found.name, found.metric) == (name, "euclidean")
    np.testing.assert_array_equal(found.gallery, BASE)
    np.testing.assert_array_equal(found.queries, ASKED)
    np.testing.assert_array_equal(found.neighbors, TRUTH)


def test_the_archive_is_downloaded_and_unpacked_once(mirror, tmp_path, name):
    for _ in range(2):
        assert_is_the_set(vectors.get(name).load(tmp_path), name)
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("place", [".", "{stem}", "{name}", "{name}/{stem}"])
def test_an_unpacked_folder_is_found(mirror, tmp_path, name, place):
    stem = SETS[name][1]
    folder = tmp_path / place.format(name=name, stem=stem)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files_of(stem).items():
        (folder / file).write_bytes(content)
    assert_is_the_set(vectors.get(name).load(tmp_path), name)
    assert mirror.asked == []


def test_an_archive_brought_by_hand_is_unpacked(mirror, tmp_path, name):
    stem = SETS[name][1]
    (tmp_path / f"{stem}.tar.gz").write_bytes(mirror.files[f"{stem}.tar.gz"])
    assert_is_the_set(vectors.get(name).load(tmp_path), name)
    assert mirror.asked == []


def test_without_a_network_the_way_out_is_said(mirror, tmp_path, name):
    mirror.files.clear()
    stem = SETS[name][1]
    way_out = re.escape(f"(or put {stem}.tar.gz into {tmp_path} by other means)")
    with pytest.raises(InputError, match=f"{stem}.tar.gz: the server answered 404.*{way_out}"):
        vectors.get(name).load(tmp_path)


def test_an_archive_with_something_else_is_named(server, monkeypatch, tmp_path):
    serve(server, monkeypatch, sift1m, archive_of({"readme": b"moved"}, "sift"))
    with pytest.raises(InputError, match=r"sift1m: has no sift_base.fvecs"):
        sift1m.load(tmp_path)


def test_a_file_missing_in_the_folder_is_named(server, tmp_path):
    (tmp_path / "sift_base.fvecs").write_bytes(records(BASE))
    with pytest.raises(InputError, match=r"sift_query.fvecs: there is no such file"):
        sift1m.load(tmp_path)
