"""The vocabulary that options ask for, and captions that it has no word of."""

import numpy as np
import pytest

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.words.parting import AT_SPACES, Parting
from vse.network.vocab import Vocabulary
from vse.network.words import tell_unknown, vocabulary_of
from vse.options import VseOptions


def captions(*texts: str) -> CaptionSet:
    """A caption of each of so many images, the first of which trains."""
    rows = np.arange(len(texts))
    return CaptionSet("x", np.zeros((len(texts), 2), np.float32), texts, rows, rows[:1], rows[1:2], rows[2:])


def words_of(*texts: str, **options) -> tuple[str, ...]:
    return vocabulary_of(VseOptions(data="f8k_precomp", **options), captions(*texts), np.array([0])).known


def test_only_training_captions_give_words():
    assert words_of("a dog", "a cat", "a bird", threshold=1) == ("a", "dog")


def test_a_folder_is_that_of_the_reference(tmp_path, caplog):
    """``--vocab_path`` holds a file a set; one that is not there is made, and that is said."""
    caplog.set_level("INFO")
    assert words_of("a dog", vocab=tmp_path, threshold=1) == ("a", "dog")
    file = tmp_path / "f8k_precomp_vocab.json"
    assert caplog.messages == [f"{file} is not there: the vocabulary is made of the training captions"]
    Vocabulary(["snow"]).save(file)
    assert words_of("a dog", vocab=tmp_path, threshold=1) == ("snow",)
    assert "as they are, whatever captions" in caplog.messages[-1]


def test_no_word_often_enough_is_told():
    with pytest.raises(InputError, match="--threshold=4: no word comes so often in the 1 training captions"):
        words_of("两只狗在雪地里玩", "a a a a")


def test_captions_without_spaces_are_parted_by_characters_and_cut_off():
    assert set(words_of("两只狗🐕。", threshold=1)) == set("两只狗🐕。")
    assert words_of("两只狗", threshold=1, split_words="spaces") == ("两只狗",)
    assert set(words_of("两只狗 " * 50, threshold=1)) == set("两只狗")
    assert len(words_of("".join(map(chr, range(0x4E00, 0x4E00 + 200))), threshold=1)) == 100
    assert len(words_of("".join(map(chr, range(0x4E00, 0x4E00 + 200))), threshold=1, max_words=0)) == 200


def test_a_vocabulary_that_tells_how_its_words_were_made_is_not_used_otherwise(tmp_path):
    file = tmp_path / "vocab.json"
    Vocabulary(["狗", "两"], Parting("characters", most=9)).save(file)
    assert words_of("x", vocab=file) == words_of("x", vocab=file, split_words="characters", max_words=9)
    with pytest.raises(InputError, match="its words are of --split-words=characters --max-words=9; give these, or"):
        words_of("x", vocab=file, split_words="spaces")


def test_a_bare_list_of_words_is_used_as_is_asked_for(tmp_path):
    file = tmp_path / "vocab.json"
    file.write_text('["狗", "两"]')
    found = [
        vocabulary_of(VseOptions(data="x", vocab=file, split_words=way), captions("a"), np.array([0])).parting
        for way in (None, "characters")
    ]
    assert found == [AT_SPACES, Parting("characters", most=100)]


def test_captions_without_a_known_word_are_counted_and_one_is_named(caplog):
    tell_unknown(Vocabulary(["dog", "🐕"]), captions("A Dog!", "🐕", "dog"))
    assert not caplog.messages
    tell_unknown(Vocabulary(["dog"]), captions("a dog", "两只狗", "🐕 , 🐕"))
    assert caplog.messages == ["2 of 3 captions have no word of the vocabulary, and are all <unk>, such as: 两只狗"]
