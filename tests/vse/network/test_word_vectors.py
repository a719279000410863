"""First word vectors from a file: which rows they fill, and files that are none."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import gluon
from vse.network import word_vectors
from vse.network.vocab import Vocabulary

WORDS = Vocabulary(["dog", "snow", "狗"])


@pytest.fixture
def weight():
    made = gluon.Parameter("weight", shape=(len(WORDS), 3))
    made.initialize()
    return made


@pytest.mark.parametrize("head", ["", "2 3\n"])
def test_words_of_the_file_get_its_vectors_and_others_stay(weight, tmp_path, head):
    before = weight.data().asnumpy()
    file = tmp_path / "glove.txt"
    parts = "dog at home 9 9 9\n"  # a word with spaces of its own
    file.write_text(f"{head}the 1 1 1\ndog 0.5 -1 2e-1\n{parts}狗 3 4 5 \n", encoding="utf-8")
    assert word_vectors.load(weight, WORDS, file) == f"2 of 7 words have first vectors from {file}"
    found = weight.data().asnumpy()
    np.testing.assert_allclose(found[[4, 6]], [[0.5, -1, 0.2], [3, 4, 5]], rtol=1e-6)
    np.testing.assert_array_equal(found[[0, 1, 2, 3, 5]], before[[0, 1, 2, 3, 5]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dog 1 2", "line 1: has 2 numbers, where --word-dim=3"),
        ("dog 1 2 3 4", "line 1: has 4 numbers, where --word-dim=3"),
        ("a 1\ndog 1 2 x", "line 2: is not a word and its numbers"),
        ("dog 1 2 nan", "line 1: has a number that is not finite"),
        ("cat 1 2 3", "none of the 7 words stands there"),
        (None, "cannot be read"),
    ],
)
def test_files_that_are_none_are_told(weight, tmp_path, text, words):
    file = tmp_path / "glove.txt"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=words):
        word_vectors.load(weight, WORDS, file)
