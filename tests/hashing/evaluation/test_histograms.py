"""Counts of items by distance against plain loops over bits and labels."""

import numpy as np
import pytest

from datasets.vectors.base import VectorSet
from hashing.evaluation import kernels
from hashing.evaluation.histograms import histograms


def drawn(queries: int, gallery: int, bits: int, *, concepts: int = 0, seed: int = 0, **more) -> VectorSet:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (queries + gallery, bits // 8)).astype(np.uint8)
    labels = rng.random((queries + gallery, concepts)) < 0.1 if concepts else rng.integers(-2, 3, queries + gallery)
    parts = {"gallery_labels": labels[queries:], "query_labels": labels[:queries], **more}
    return VectorSet("drawn", "hamming", codes[queries:], codes[:queries], **parts)


def by_loops(vectors: VectorSet) -> tuple[np.ndarray, np.ndarray]:
    items, relevant = np.zeros((2, len(vectors.queries), vectors.dim + 1), np.int64)
    own = vectors.own_rows
    for i, query in enumerate(vectors.queries):
        for j, item in enumerate(vectors.gallery):
            if j == own[i]:
                continue
            distance = sum(bin(a ^ b).count("1") for a, b in zip(query.tolist(), item.tolist(), strict=True))
            a, b = vectors.query_labels[i], vectors.gallery_labels[j]
            items[i, distance] += 1
            relevant[i, distance] += (set(np.flatnonzero(a)) & set(np.flatnonzero(b)) != set()) if a.ndim else a == b
    return items, relevant


@pytest.mark.parametrize("threads", [0, 1, 3])
@pytest.mark.parametrize("concepts", [0, 1, 21, 64, 81])
@pytest.mark.parametrize("bits", [8, 64, 72, 128])
def test_against_plain_loops(bits, concepts, threads, monkeypatch):
    vectors = drawn(7, 53, bits, concepts=concepts, seed=bits + concepts)
    counts = histograms(vectors, threads=threads)
    items, relevant = by_loops(vectors)
    assert counts.items.dtype == counts.relevant.dtype == np.int64
    assert (counts.items == items).all() and (counts.relevant == relevant).all()
    assert concepts in (0, 1) or 0 < relevant.sum() < items.sum()


def test_a_gallery_of_several_tiles_and_queries_of_several_blocks():
    gallery = 2 * kernels._TILE + 5
    own = np.array([0, kernels._TILE - 1, kernels._TILE, gallery - 1] + [-1] * 66)
    vectors = drawn(70, gallery, 32, seed=1, query_rows=own)
    counts = histograms(vectors)
    bits = np.unpackbits(vectors.gallery, axis=1).astype(np.int16)
    for i in (0, 1, 2, 3, 4, 63, 64, 69):
        distances = np.abs(bits - np.unpackbits(vectors.queries[i])).sum(axis=1)
        there = np.arange(gallery) != own[i]
        found = there & (vectors.gallery_labels == vectors.query_labels[i])
        assert (counts.items[i] == np.bincount(distances[there], minlength=33)).all()
        assert (counts.relevant[i] == np.bincount(distances[found], minlength=33)).all()


@pytest.mark.parametrize("concepts", [0, 5])
def test_in_leave_one_out_no_query_counts_itself(concepts):
    vectors = drawn(0, 90, 8, concepts=concepts, seed=2)
    same = {"query_labels": vectors.gallery_labels, "gallery_labels": vectors.gallery_labels}
    vectors = VectorSet("same", "hamming", vectors.gallery, vectors.gallery, attrs={"leave_one_out": True}, **same)
    counts = histograms(vectors)
    items, relevant = by_loops(vectors)
    assert (counts.items.sum(axis=1) == 89).all()
    assert (counts.items == items).all() and (counts.relevant == relevant).all()


def test_a_query_that_is_in_the_gallery_by_its_path_does_not_count_itself():
    paths = {"gallery_paths": tuple("abcdef"), "query_paths": ("x", "c")}
    counts = histograms(drawn(2, 6, 16, **paths))
    assert counts.items.sum(axis=1).tolist() == [6, 5]


def test_the_longest_codes_at_the_largest_distance():
    far = np.zeros((1, 128), np.uint8)
    vectors = VectorSet("far", "hamming", ~far, far, gallery_labels=np.array([4]), query_labels=np.array([4]))
    counts = histograms(vectors)
    assert counts.items.shape == (1, 1025) and counts.items[0, 1024] == counts.relevant[0, 1024] == 1


def test_an_image_without_any_concept_is_relevant_to_none():
    codes, labels = np.zeros((2, 1), np.uint8), np.array([[False, False], [True, False]])
    counts = histograms(VectorSet("none", "hamming", codes, codes, gallery_labels=labels, query_labels=labels))
    assert counts.items[:, 0].tolist() == [2, 2] and counts.relevant[:, 0].tolist() == [0, 1]
