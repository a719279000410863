"""Clustered: workers make the same vectors, whoever is killed; a picture that ends them all is skipped."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from deadly_engine import Deadly

from datasets.cluster.connect import connect
from datasets.cluster.pool import Here
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.extraction import clustered, join, run
from embedding.extraction.begin import begin
from embedding.extraction.clustered import smaller
from embedding.extraction.pieces import Span

COUNT, WHITE, BROKEN = 40, 21, 5


@pytest.fixture
def images(tmp_path) -> ImageSet:
    """40 pictures of one colour each; one is white, one is none."""
    for i in range(COUNT):
        colour = (255, 255, 255) if i == WHITE else (9, i, 50)
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((9, 7, 3), colour, np.uint8))
    (tmp_path / f"{BROKEN}.png").write_bytes(b"no picture")
    rows = np.arange(COUNT)
    return ImageSet("drawn", [str(tmp_path / f"{i}.png") for i in rows], 0 * rows, ("image",), rows[:0], rows, rows)


def job_of(images: ImageSet, folder: Path, mark: Path | None = None):
    how = {"size": (8, 6), "resize": "stretch", "batch_size": 4, "piece": 8}
    return begin(folder, images, images.query, partial(Deadly, str(mark) if mark else ""), **how)


def test_the_vectors_are_those_of_one_process_and_what_kills_is_skipped(tmp_path, images, capfd):
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    once = tmp_path / "once"
    job = job_of(images, tmp_path / "shared", once)
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), connect("local:2") as pool:
        clustered.by(pool, job, skipped := Skipped(COUNT))
        assert once.exists() and list(skipped.reasons) == [images.images[BROKEN]]  # one worker was killed
        alone = job_of(images, tmp_path / "alone", once)
        run.here(alone, Skipped(COUNT))
        assert join.into_memory(job).tobytes() == join.into_memory(alone).tobytes()

        deadly = job_of(images, tmp_path / "deadly")
        clustered.by(pool, deadly, skipped := Skipped(COUNT))
        assert skipped.reasons[images.images[WHITE]] == "ended each of the 2 workers that took it"
        assert len(skipped) == 2
        found, wanted = join.into_memory(deadly), join.into_memory(alone)
        assert np.isnan(found[WHITE]).all()
        kept = np.delete(np.arange(COUNT), WHITE)
        assert found[kept].tobytes() == wanted[kept].tobytes()

        clustered.by(pool, deadly, again := Skipped(COUNT))  # all of it is there
        assert again.reasons == skipped.reasons
    assert "Traceback" not in capfd.readouterr().err


def test_what_is_there_is_not_made_again(tmp_path, images):
    job, made = job_of(images, tmp_path / "out", tmp_path), []

    class Watched(Here):
        def run(self, function, tasks):
            made.append(list(tasks))
            return super().run(function, made[-1][:2] if len(made) == 1 else made[-1])

    clustered.by(Watched(), job, Skipped(COUNT))
    clustered.by(Watched(), job, skipped := Skipped(COUNT))
    assert made == [[Span(start, start + 8) for start in range(0, 40, 8)], [Span(s, s + 8) for s in (16, 24, 32)]]
    assert list(skipped.reasons) == [images.images[BROKEN]]


@pytest.mark.parametrize("count", [2, 7, 8, 9, 4096])
def test_a_span_is_cut_into_all_of_it(count):
    parts = smaller(Span(16, 16 + count))
    assert [row for part in parts for row in range(*part)] == list(range(16, 16 + count))
    assert len(parts) == min(8, count) and max(map(len, map(lambda part: range(*part), parts))) <= -(-count // 8)
