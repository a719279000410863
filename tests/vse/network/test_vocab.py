"""The vocabulary: what it has, what it does not, and how a caption is spelled in it."""

import json

import pytest

from datasets.errors import InputError
from datasets.words.parting import AT_SPACES, Parting
from vse.network.vocab import Vocabulary

tokens = AT_SPACES

CAPTIONS = ["A dog runs .", "a dog, and a cat!", "The dog sleeps", "dog"]


def test_words_that_come_often_enough_are_there():
    assert Vocabulary.of(CAPTIONS, threshold=3).words == ("<pad>", "<start>", "<end>", "<unk>", "a", "dog")
    assert len(Vocabulary.of(CAPTIONS, threshold=1)) == 4 + len({w for c in CAPTIONS for w in tokens(c)})


def test_captions_are_numbers_between_start_and_end():
    vocabulary = Vocabulary(["a", "dog"])
    assert vocabulary.encode("A dog barks") == [1, 4, 5, 3, 2]
    assert vocabulary.encode("") == [1, 2]
    assert vocabulary.unknown("A dog barks, barks") == ["barks", ","]


def test_a_word_that_a_special_token_is_spelled_like_is_unknown():
    vocabulary = Vocabulary.of(["<unk> <pad>"] * 9)
    assert not {"<unk>", "<pad>"} & set(vocabulary.words[4:])
    assert set(vocabulary.encode("<pad>")[1:-1]) <= {3, *range(4, len(vocabulary))}


@pytest.mark.parametrize("caption", ["两只狗在雪地里玩", "a dog 🐕 in the snow", "un café", "🐕🐕"])
def test_any_language_and_emoji_come_through(caption):
    assert "".join(tokens(caption)) == caption.lower().replace(" ", "")
    vocabulary = Vocabulary.of([caption] * 4)
    assert vocabulary.unknown(caption) == []
    assert Vocabulary([]).encode(caption)[1:-1] == [3] * len(tokens(caption))


def test_what_is_saved_is_read_again(tmp_path):
    vocabulary = Vocabulary.of([*CAPTIONS, "雪 🐕"], threshold=1)
    vocabulary.save(tmp_path / "vocab.json")
    assert Vocabulary.load(tmp_path / "vocab.json").words == vocabulary.words


def test_a_file_as_scan_writes_it_is_read_in_the_order_of_its_numbers(tmp_path):
    words = ["<pad>", "<start>", "<end>", "<unk>", "two", "dogs", "雪"]
    numbers = {word: number for number, word in sorted(enumerate(words), reverse=True)}
    (tmp_path / "vocab.json").write_text(json.dumps({"word2idx": numbers, "idx2word": {}, "idx": 7}))
    assert Vocabulary.load(tmp_path / "vocab.json").words == tuple(words)


def test_how_captions_are_parted_is_saved_with_the_words(tmp_path):
    caption = "两只狗🐕在雪地里玩"
    vocabulary = Vocabulary.of([caption] * 4, parting=Parting("characters", most=5))
    vocabulary.save(tmp_path / "vocab.json")
    found = Vocabulary.load(tmp_path / "vocab.json")
    assert found.parting == Parting("characters", most=5) and set(found.known) == set("两只狗🐕在")
    assert found.encode(caption) == vocabulary.encode(caption) and len(found.encode(caption)) == 7


def test_an_older_file_parts_captions_as_it_did(tmp_path):
    (tmp_path / "vocab.json").write_text('["dog", "两只狗"]')
    found = Vocabulary.load(tmp_path / "vocab.json")
    assert found.parting == AT_SPACES and found.encode("dog 两只狗") == [1, 4, 5, 2]
    found.save(tmp_path / "vocab.json")
    assert json.loads((tmp_path / "vocab.json").read_text()) == ["dog", "两只狗"]


def test_a_segmenter_that_is_not_installed_is_told(tmp_path, monkeypatch):
    Vocabulary(["狗"], Parting("jieba")).save(tmp_path / "vocab.json")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"vocab.json: needs the segmenter jieba, .*; pip install '.\[chinese\]'"):
        Vocabulary.load(tmp_path / "vocab.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        "[",
        "5",
        "[]",
        '["a", "a"]',
        '["<pad>"]',
        '["\\ud83d"]',
        "[" * 100_000,
        '{"word2idx": 1}',
        '{"split_words": "thai", "words": ["a"]}',
        '{"split_words": "characters", "max_words": 0, "words": ["a"]}',
        '{"split_words": "characters"}',
        '{"split_words": "spaces", "words": {"a": 1}}',
        '{"split_words": [], "words": ["a"]}',
    ],
)
def test_a_file_that_is_no_vocabulary_is_told(tmp_path, text):
    (tmp_path / "vocab.json").write_text(text)
    with pytest.raises(InputError, match="vocab.json: cannot be read as a vocabulary"):
        Vocabulary.load(tmp_path / "vocab.json")
