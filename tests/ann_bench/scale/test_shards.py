"""Shards: built in parts and merged on disk, an index answers as if it had been built at once."""

import contextlib

import numpy as np
import pytest

from ann_bench.indexes import flat
from ann_bench.indexes.faiss_float import Index
from ann_bench.results.saved_index import Saved
from ann_bench.scale import disk_build, shards
from ann_bench.scale.disk_build import BuildOptions
from datasets.errors import InputError, RunFailed
from datasets.stored import formats
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

COUNT, DIM = 2000, 16


def made(metric="euclidean", seed=0):
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(40, DIM))
    vectors = (centers[draw.integers(40, size=COUNT + 30)] + 0.5 * draw.normal(size=(COUNT + 30, DIM))).astype("f4")
    return VectorSet("made", metric, vectors[:COUNT], vectors[COUNT:])


def new(build, metric="euclidean"):
    index = Index(build, dim=DIM, metric=metric, count=COUNT)
    index.set_threads(1)
    return index


@pytest.mark.parametrize(
    "build, metric, parts",
    [
        ("OPQ4,IVF16,PQ4np", "euclidean", 2),
        ("IVF16,Flat", "angular", 3),
        ("IVF16,SQ8", "inner_product", 1),
        ("IMI2x3,PQ4np", "euclidean", 2),
    ],
)
def test_merged_shards_answer_as_one_build(build, metric, parts, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "BLOCK", 300)
    vector_set = made(metric)
    shards.train(new(build, metric), vector_set, tmp_path)
    for part in reversed(range(parts)):  # in any order
        shards.add_shard(tmp_path, vector_set, part, parts)
    merged = new(build, metric)
    merged.load(shards.merge(tmp_path, parts))
    whole = new(build, metric)
    whole.load(tmp_path / "trained.faiss")
    whole.add(rows.prepared(vector_set.gallery, metric))
    queries = rows.prepared(vector_set.queries, metric)
    for nprobe in (1, 8):
        for index in (merged, whole):
            index.tune(nprobe=nprobe)
        for ours, other in zip(merged.made().search(queries, 10), whole.made().search(queries, 10), strict=True):
            assert (ours == other).all()
    assert merged.made().ntotal == COUNT


def test_a_merged_index_can_be_moved(tmp_path):
    vector_set = made()
    shards.train(new("IVF8,Flat"), vector_set, tmp_path)
    shards.add_shard(tmp_path, vector_set, 0, 1)
    merged = shards.merge(tmp_path, 1, tmp_path / "here")
    merged.rename(tmp_path / "there")
    index = new("IVF8,Flat")
    index.load(tmp_path / "there")
    index.tune(nprobe=8)
    assert (index.search(vector_set.gallery[:20], 1)[0][:, 0] == np.arange(20)).all()


def test_what_is_finished_is_not_done_again(tmp_path):
    vector_set = made()
    done = [shards.train(new("IVF8,Flat"), vector_set, tmp_path), shards.add_shard(tmp_path, vector_set, 0, 1)]
    done.append(shards.merge(tmp_path, 1) / "merged.faiss")
    times = [path.stat().st_mtime_ns for path in done]
    shards.train(new("IVF8,Flat"), vector_set, tmp_path)
    shards.add_shard(tmp_path, vector_set, 0, 1)
    shards.merge(tmp_path, 1)
    assert [path.stat().st_mtime_ns for path in done] == times
    (tmp_path / "shard-0-of-1.json").unlink()  # as if killed before it was noted
    shards.add_shard(tmp_path, vector_set, 0, 1)
    assert done[1].stat().st_mtime_ns > times[1]


def test_mistakes_are_one_line(tmp_path):
    vector_set = made()
    with pytest.raises(InputError, match="nothing is trained there"):
        shards.add_shard(tmp_path, vector_set, 0, 2)
    for build in ("HNSW8", "IVF16,PQ8x4fs", "IVF16,Flat,RFlat"):
        with pytest.raises(InputError, match=f"--build={build}: cannot be built in shards"):
            shards.train(new(build), vector_set, tmp_path)
    with pytest.raises(InputError, match="cannot be built in shards"):
        shards.train(flat.Index("", dim=DIM, metric="euclidean", count=COUNT), vector_set, tmp_path)
    shards.train(new("IVF8,Flat"), vector_set, tmp_path)
    with pytest.raises(InputError, match="begun with build IVF8,Flat, not IVF16,Flat"):
        shards.train(new("IVF16,Flat"), vector_set, tmp_path)
    with pytest.raises(InputError, match="begun with fingerprint"):
        shards.add_shard(tmp_path, made(seed=1), 0, 2)
    with pytest.raises(InputError, match="lacks of 2 shards 0, 1; add them"):
        shards.merge(tmp_path, 2)
    shards.add_shard(tmp_path, vector_set, 1, 3)
    with pytest.raises(InputError, match="lacks of 3 shards 0, 2"):
        shards.merge(tmp_path, 3)
    shards.add_shard(tmp_path, vector_set, 0, 2)
    with pytest.raises(InputError, match="lacks of 2 shards 1"):  # those of other numbers do not count
        shards.merge(tmp_path, 2)


def options(tmp_path, **given):
    for name, array in (("gallery", made().gallery), ("queries", made().queries)):
        formats.write(tmp_path / f"{name}.fvecs", array)
    files = {"data": str(tmp_path / "gallery.fvecs"), "queries": tmp_path / "queries.fvecs"}
    return BuildOptions(**files, out=tmp_path / "out", build="IVF8,PQ4np", threads=1, **given)


def test_the_command_leaves_an_index_where_a_sweep_finds_it(tmp_path, capfd):
    for step in ({"step": "train"}, {"step": "add"}, {"step": "add", "shard": 1}, {"step": "merge"}):
        disk_build.main(options(tmp_path, shards=2, **step))
    saved = next(path for path in (tmp_path / "out").rglob("*") if (path / "merged.faiss").exists())
    asked = options(tmp_path).as_run()
    assert saved == disk_build.builds.saved("faiss_float", "IVF8,PQ4np", asked, asked.source().load()).path
    facts = Saved(saved).facts()
    assert facts["index_bytes"] == sum(file.stat().st_size for file in saved.iterdir()) > COUNT * 12
    assert facts["build_seconds"] > 0 and facts["build_peak_bytes"] > 0 and facts["build_threads"] == 1
    assert "expected:" in capfd.readouterr().out


def test_the_command_refuses_what_cannot_fit(tmp_path, monkeypatch):
    memory = disk_build.psutil.virtual_memory()._replace(available=150_100_000)  # a process alone takes 150 MB
    monkeypatch.setattr(disk_build.psutil, "virtual_memory", lambda: memory)
    with pytest.raises(InputError, match="--shards=1: a shard would not fit into .* of memory; use a --build"):
        disk_build.main(options(tmp_path))
    with pytest.raises(InputError, match="--shard=2: must be from 0 to below --shards=2"):
        disk_build.main(options(tmp_path, shards=2, shard=2))
    with pytest.raises(InputError, match="--step=build: must be train"):
        disk_build.main(options(tmp_path, step="build"))


def test_a_cluster_adds_the_same_shards(tmp_path, capfd):
    pytest.importorskip("distributed")
    merged = {}
    for cluster in ("", "local:2"):
        at = tmp_path / f"by{cluster[:5]}"
        at.mkdir()
        disk_build.main(options(at, shards=3, cluster=cluster))
        (folder,) = (path.parent for path in at.rglob("merged.faiss"))
        merged[cluster] = [(folder / name).read_bytes() for name in ("merged.faiss", "merged.ivfdata")]
        assert len(list(at.rglob("shard-*-of-3.faiss"))) == 3
    assert merged[""][1] == merged["local:2"][1]  # codes and ids, bit for bit
    assert "error" not in capfd.readouterr().err


def test_a_shard_that_ends_every_worker_is_told(tmp_path, monkeypatch):
    class Deadly:
        remote = True

        def run(self, function, tasks):
            yield from ((task, disk_build.Killed("ended each of the 4 workers that took it")) for task in tasks)

    monkeypatch.setattr(disk_build, "connect", lambda flag: contextlib.nullcontext(Deadly()))
    with pytest.raises(RunFailed, match="^shard 0 ended each of the 4 workers that took it; give .* more --shards$"):
        disk_build.main(options(tmp_path, shards=2, cluster="local:2"))
