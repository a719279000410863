"""What cannot be scored, the gallery without some of its items, and threads that fail."""

import dataclasses

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.vectors.base import VectorSet
from hashing.evaluation import labelled_codes


def made(count: int = 6) -> VectorSet:
    codes = np.arange(2 * count, dtype=np.uint8).reshape(count, 2)
    return VectorSet("made", "hamming", codes, codes[:2], gallery_labels=np.arange(count), query_labels=np.arange(2))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"gallery_labels": None},
            "^vectors made have no labels, so they cannot be scored; extract them by --data=folder$",
        ),
        ({"query_labels": None}, "^vectors made have no labels"),
        ({"queries": np.empty((0, 2), np.uint8), "query_labels": np.arange(0)}, "^vectors made: 0 queries, 6 codes in"),
        ({"gallery": np.empty((0, 2), np.uint8), "gallery_labels": np.arange(0)}, "2 queries, 0 codes in the gallery$"),
    ],
)
def test_what_cannot_be_scored_is_one_line(change, line):
    with pytest.raises(InputError, match=line):
        labelled_codes.of(dataclasses.replace(made(), **change))


def test_embeddings_and_endless_codes_are_refused():
    floats = np.ones((3, 8), np.float32)
    labels = {"gallery_labels": np.arange(3), "query_labels": np.arange(3)}
    with pytest.raises(InputError, match="^vectors a: their metric is angular, so they are no codes; write codes"):
        labelled_codes.of(VectorSet("a", "angular", floats, floats, **labels))
    long = np.ones((3, 2049), np.uint8)
    with pytest.raises(InputError, match="codes of 16392 bits, up to 16384 are scored"):
        labelled_codes.of(VectorSet("long", "hamming", long, long, **labels))


def test_without_some_items_own_rows_follow():
    vectors = dataclasses.replace(made(), query_rows=np.array([4, 1]))
    taken = labelled_codes.of(vectors)
    assert labelled_codes.candidates(taken).tolist() == [5, 5]
    kept = labelled_codes.without(taken, np.array([True, True, False, True, False, False]))
    assert kept.own.tolist() == [1, -1] and labelled_codes.candidates(kept).tolist() == [2, 3]
    assert kept.gallery_labels.tolist() == [[2, 4, 5]]
    assert (kept.gallery_codes == taken.gallery_codes[:, [2, 4, 5]]).all()
    nobody = labelled_codes.without(labelled_codes.of(made()), np.arange(6) < 3)
    assert nobody.own.tolist() == [-1, -1]


def test_blocks_come_in_order_and_their_errors_out():
    taken = labelled_codes.of(
        dataclasses.replace(made(), queries=np.zeros((200, 2), np.uint8), query_labels=np.arange(200))
    )
    blocks = labelled_codes.each_block(lambda block: block.query_labels[:, 0].tolist(), taken, threads=3)
    assert sum(blocks, []) == list(range(200)) and len(blocks) > 2
    with pytest.raises(ZeroDivisionError):
        labelled_codes.each_block(lambda block: 1 / 0, taken)
