"""Pieces: every row once, whatever was there before; files whole; what cannot be read."""

import os
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.files import contents
from embedding.extraction import pieces
from embedding.extraction.pieces import Span

from .conftest import Means, means, pictures


def touch(job, *spans: tuple[int, int]) -> None:
    for start, stop in spans:
        (job.folder / f"{start}-{stop}.{job.mark}.piece").write_bytes(b"")


@pytest.mark.parametrize(
    "there, missing",
    [
        ([], [(0, 8), (8, 16), (16, 21)]),
        ([(8, 16)], [(0, 8), (16, 21)]),
        ([(0, 8), (8, 16), (16, 21)], []),
        ([(9, 11), (20, 21)], [(0, 8), (8, 9), (11, 16), (16, 20)]),  # of a piece that was split
        ([(8, 12), (8, 16), (10, 11)], [(0, 8), (16, 21)]),
    ],
)
def test_every_row_is_in_one_span_that_is_there_or_missing(there, missing, job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 21))
    touch(job, *there)
    assert pieces.missing(job) == missing
    covered = [row for span in [*pieces.written(job), *pieces.missing(job)] for row in range(*span)]
    assert sorted(covered) == list(range(21))


def test_a_span_alone_says_what_is_made_and_where(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 21)
    job = job_of(images)
    (made,) = pieces.make(job, [Span(11, 16)])
    assert (made.span, made.skipped, made.times.pictures) == ((11, 16), {}, 5)
    assert pieces.written(job) == [(11, 16)]
    found = pieces.read(job, Span(11, 16))
    assert found.vectors.dtype == np.float32 and found.rows.tolist() == [11, 12, 13, 14, 15]
    np.testing.assert_allclose(found.vectors, means(images, found.rows), rtol=1e-6)


def test_what_cannot_be_read_has_a_reason_and_changes_no_other_row(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 21)
    job = job_of(images)
    list(pieces.make(job, pieces.missing(job)))
    whole = {span: pieces.read(job, span).vectors for span in pieces.written(job)}
    for span in whole:
        (job.folder / f"{span.start}-{span.stop}.{job.mark}.piece").unlink()
    for row in (0, 9, 10, 20):
        (tmp_path / "pictures" / f"{row}.png").write_bytes(b"no picture")
    looked = []
    list(pieces.make(job, pieces.missing(job), looked.append))
    assert sum(batch.times.pictures for batch in looked) == 21
    for span, before in whole.items():
        piece = pieces.read(job, span)
        np.testing.assert_array_equal(piece.vectors, before[piece.rows - span.start])
        assert set(piece.skipped) == {0, 9, 10, 20} & set(range(*span))
        assert all(piece.skipped.values())


def test_a_span_none_of_whose_pictures_can_be_read(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 9))
    pieces.write(job, pieces.unreadable(job, Span(3, 5), "kills whoever reads it"))
    found = pieces.read(job, Span(3, 5))
    assert found.vectors.shape == (0, 3) and found.skipped == dict.fromkeys((3, 4), "kills whoever reads it")
    assert pieces.missing(job) == [(0, 3), (5, 8), (8, 9)]


def test_a_job_without_a_vector_leaves_no_folder(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9, broken=tuple(range(8)))
    job = job_of(images)
    list(pieces.make(job, [Span(0, 8)]))
    pieces.leave(job)
    assert not job.folder.exists()
    job = job_of(images, piece=4)  # which is another job
    list(pieces.make(job, pieces.missing(job)))
    pieces.leave(job)
    assert len(pieces.written(job)) == 3


def test_half_precision_halves_a_piece(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    job = job_of(images, dtype="float16")
    list(pieces.make(job, pieces.missing(job)))
    found = pieces.read(job, Span(0, 8)).vectors
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, means(images, range(8)), atol=1e-3)


def test_leftovers_and_pieces_of_changed_pictures_go_and_others_stay(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 21, broken=(9,)))
    list(pieces.make(job, pieces.missing(job)))
    (job.folder / "0-8.piece.elsewhere-12.part").write_bytes(b"half")
    for span in pieces.written(job):  # pictures are as old as the pieces in this test, and are not to count as changed
        os.utime(job.folder / f"{span.start}-{span.stop}.{job.mark}.piece", (time.time() + 60, time.time() + 60))
    pieces.tidy(job)
    assert len(pieces.written(job)) == 3 and not list(job.folder.glob("*.part"))
    os.utime(job.folder / f"8-16.{job.mark}.piece", (1, 1))  # a picture is mended after it was made
    pieces.tidy(job)
    assert pieces.missing(job) == [(8, 16)]


def test_pieces_go_when_the_archive_of_their_pictures_is_another(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for i in range(9):
            packed.write(images.images[i], f"{i}.png")
    job = job_of(replace(images, images=[str(tmp_path / "x.zip" / f"{i}.png") for i in range(9)]))
    list(pieces.make(job, pieces.missing(job)))
    whole = pieces.written(job)
    for span in whole:
        path = job.folder / f"{span.start}-{span.stop}.{job.mark}.piece"
        os.utime(path, (time.time() + 60, time.time() + 60))
    pieces.tidy(job)
    assert pieces.written(job) == whole == [(0, 8), (8, 9)]
    os.utime(job.folder / f"0-8.{job.mark}.piece", (1, 1))  # the archive was packed anew after it was made
    pieces.tidy(job)
    assert pieces.missing(job) == [(0, 8)]


@pytest.mark.parametrize("kept", [0, 200, -1])
def test_a_piece_that_is_cut_short_is_made_again(kept, job_of, tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "changed", lambda path: 0.0)  # pictures are as old as the pieces in this test
    job = job_of(pictures(tmp_path / "pictures", 21))
    list(pieces.make(job, pieces.missing(job)))
    piece = job.folder / f"8-16.{job.mark}.piece"
    piece.write_bytes(piece.read_bytes()[:kept])
    pieces.tidy(job)
    assert pieces.missing(job) == [(8, 16)]


def test_pieces_of_another_job_do_not_count(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 9))
    list(pieces.make(replace(job, mark="another"), [Span(0, 8)]))  # by a worker that nobody could reach
    assert pieces.written(job) == [] and pieces.missing(job) == [(0, 8), (8, 9)]


def test_no_room_is_one_line_and_leaves_what_is_there(job_of, tmp_path, monkeypatch):
    job = job_of(pictures(tmp_path / "pictures", 21))
    making = pieces.make(job, pieces.missing(job))
    next(making)

    def full(file, array):
        file.write(b"some")
        raise OSError(f"{array.size} requested and 0 written")  # as NumPy says it

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(InputError, match=r"8-16\.\w+\.piece: cannot be written, make room \(the disk is full\)"):
        next(making)
    assert pieces.written(job) == [(0, 8)] and not list(job.folder.glob("*.part"))


def test_the_network_is_opened_once_in_a_process(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 9))
    assert job.engine is job.engine and isinstance(job.engine, Means)


class BySlot(Means):
    """An engine that gives every picture the number of its slot."""

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        return np.stack([1 + np.arange(len(pixels), dtype=np.float32)] * 2 + [np.zeros(len(pixels), np.float32)], 1)


def test_a_picture_has_the_same_place_in_a_batch_whatever_the_span(job_of, tmp_path, monkeypatch):
    job = job_of(pictures(tmp_path / "pictures", 21), opener=BySlot)
    monkeypatch.setattr(pieces, "_finished", lambda job, vectors: vectors)
    list(pieces.make(job, [Span(0, 8), Span(9, 11), Span(11, 16), Span(18, 19)]))
    for span in pieces.written(job):
        piece = pieces.read(job, span)
        assert piece.vectors[:, 0].tolist() == [1 + row % 4 for row in piece.rows]
