"""The vocabulary of cross-modal hashing: which words it has, what they weigh, and what it is as a file."""

import numpy as np
import pytest

from datasets.errors import InputError
from hashing.cross.words import Vocabulary

TEXTS = ["a red car", "a red bus", "a blue car 🐕", "雪地里的狗"]


def vocabulary(**changes):
    return Vocabulary.of(TEXTS, **{"threshold": 1, "most": 100, "way": "characters", **changes})


def test_words_of_any_script_are_there():
    assert {"red", "car", "🐕", "狗"} <= set(vocabulary().known)


def test_words_of_too_few_texts_are_left_out_and_so_are_those_beyond_the_most():
    assert set(vocabulary(threshold=2).known) == {"a", "red", "car"}
    assert vocabulary(most=1).known == ("a",)
    with pytest.raises(InputError, match="--threshold=4: no word comes in so many of the 4 training texts"):
        vocabulary(threshold=4)


def test_rows_have_unit_length_and_rare_words_weigh_more():
    found = vocabulary()
    row = dict(zip(found.known, found.rows(["a red bus"])[0], strict=True))
    assert row["bus"] > row["red"] > row["a"] > row["car"] == 0
    np.testing.assert_allclose(np.linalg.norm(found.rows(TEXTS), axis=1), 1, atol=1e-6)
    assert not found.rows(["zebra"]).any() and found.unknown("a zebra zebra") == ["zebra"]


def test_saved_and_loaded_it_is_the_same(tmp_path):
    found = vocabulary()
    found.save(tmp_path / "words.json")
    again = Vocabulary.load(tmp_path / "words.json")
    assert again.known == found.known and again.way == found.way
    np.testing.assert_array_equal(again.rows(TEXTS), found.rows(TEXTS))
    (tmp_path / "words.json").write_text('{"words": []}')
    with pytest.raises(InputError, match="words.json: cannot be read"):
        Vocabulary.load(tmp_path / "words.json")
