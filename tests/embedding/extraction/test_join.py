"""Join: pieces to one file in the order of the list, without what cannot be read, or to an array."""

import h5py
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.files import contents
from datasets.images.skipped import Skipped
from datasets.stored import vectors_file
from embedding.extraction import join, pieces, run

from .conftest import codes, means, pictures

BROKEN = (0, 9, 20)


def pack(activations: np.ndarray) -> np.ndarray:
    return np.packbits(activations > 0, axis=1)


def test_one_file_of_all_rows_in_order(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 21, broken=BROKEN)
    job = job_of(images)
    list(pieces.make(job, pieces.missing(job)[::-1]))  # whichever was made first
    assert join.into_file(job, tmp_path / "out.h5", name="drawn", attrs={"network": "a"}) == (18, 3)
    found = vectors_file.load(tmp_path / "out.h5")
    kept = [row for row in range(21) if row not in BROKEN]
    np.testing.assert_allclose(found.gallery, means(images, kept), rtol=1e-6)
    assert found.gallery_paths == tuple(images.images[row] for row in kept)
    assert found.leave_one_out and found.queries is found.gallery and found.query_paths == found.gallery_paths
    assert (found.name, found.metric, found.attrs["network"], found.neighbors) == ("drawn", "euclidean", "a", None)


def test_the_file_is_that_of_save(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 21))
    list(pieces.make(job, pieces.missing(job)))
    join.into_file(job, tmp_path / "blocks.h5", name="drawn")
    vectors_file.save(tmp_path / "whole.h5", vectors_file.load(tmp_path / "blocks.h5"))
    with h5py.File(tmp_path / "blocks.h5") as ours, h5py.File(tmp_path / "whole.h5") as other:
        assert set(ours) == set(other) and dict(ours.attrs) == dict(other.attrs)
        for key in ours:
            assert ours[key].dtype == other[key].dtype and (ours[key][:] == other[key][:]).all()


def test_codes_are_packed(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 100), opener=codes)
    list(pieces.make(job, pieces.missing(job)))
    join.into_file(job, tmp_path / "out.h5", name="drawn", pack=pack)
    found = vectors_file.load(tmp_path / "out.h5")
    assert (found.metric, found.dim, found.leave_one_out) == ("hamming", 8, True)
    above = np.arange(100) > 60  # green; red is 50 and blue 9
    np.testing.assert_array_equal(found.gallery[:, 0], above * 0b01001001)


def test_an_array_has_a_row_of_nan_for_what_cannot_be_read(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 21, broken=BROKEN)
    job = job_of(images, dtype="float16")
    list(pieces.make(job, pieces.missing(job)))
    found = join.into_memory(job)
    assert found.dtype == np.float32 and np.flatnonzero(np.isnan(found).all(axis=1)).tolist() == list(BROKEN)


def test_a_job_goes_on_and_counts_what_was_skipped_before(job_of, tmp_path, monkeypatch):
    images = pictures(tmp_path / "pictures", 21, broken=BROKEN)
    job = job_of(images)
    list(pieces.make(job, pieces.missing(job)[:2]))
    monkeypatch.setattr(contents, "changed", lambda path: 0.0)  # pictures are as old as the pieces in this test
    made = []
    monkeypatch.setattr(pieces, "write", lambda job, piece: made.append(piece.span))
    skipped = Skipped(21)
    times = run.here(job, skipped)
    assert made == [(16, 21)] and times.pictures == 21
    assert set(skipped.reasons) == {images.images[row] for row in BROKEN}


def test_too_many_end_the_job_at_once_and_again(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 60, broken=tuple(range(21))))
    for _ in range(2):
        with pytest.raises(InputError, match="21 of 60 pictures cannot be read"):
            run.here(job, Skipped(60))
    assert len(pieces.written(job)) < 4
    run.here(job, Skipped(60, max_bad=0.5))
    assert not pieces.missing(job)
