"""The words of a sentence: by the script of each stretch of it, and as before where there are spaces."""

import importlib.util
import sys
import types

import pytest

from datasets.errors import InputError
from datasets.words import words as module
from datasets.words.parting import AT_SPACES, Parting
from datasets.words.words import WAYS, check, words

FAMILY, ENGLAND = "👨\u200d👩\u200d👧", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    "sentence",
    [
        "A dog, isn't it?",
        "",
        "  ",
        "un café\u0301 “cher” … 5 €",
        "Lego™ © 3.5%",
        "한국어 강아지가 뛴다",
        "Ça va — non ?",
        "ﬁn ½ x²",
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_what_has_spaces_is_parted_as_before_in_every_way(sentence, way):
    from nltk.tokenize import NLTKWordTokenizer

    assert words(sentence, way) == NLTKWordTokenizer().tokenize(sentence.lower())


@pytest.mark.parametrize(
    "sentence, expected",
    [
        ("两只狗在雪地里玩。", "两 只 狗 在 雪 地 里 玩 。"),
        ("两只dog🐕在Paris's雪地", "两 只 dog 🐕 在 paris 's 雪 地"),
        ("ＬＯＯＫ公司，２０１８年（进博）！", "look 公 司 , 2018 年 ( 进 博 ) !"),
        ("增长33.91%，达１．５亿", "增 长 33.91 % , 达 1.5 亿"),
        ("犬が　走る、時々「ワン」", "犬 が 走 る 、 時 々 「 ワ ン 」"),
        ("ｶﾞｯﾂﾎﾟｰｽﾞ", "ガ ッ ツ ポ ー ズ"),
        ("か\u3099", "が"),
        ("สุนัขวิ่ง กำลัง", "สุ นั ข วิ่ ง กำ ลั ง"),
        ("ខ្មែរ\u200bភាសា", "ខ្មែ រ ភា សា"),
        ("ພາສາລາວ", "ພ າ ສ າ ລ າ ວ"),
        ("မြန်မာ", "မြ န် မ ာ"),
        ("ㄅㄆ 葛\U000e0100城", "ㄅ ㄆ 葛 城"),
        ("\ufa19社", "神 社"),
    ],
)
def test_what_has_none_is_parted_by_characters_with_their_marks(sentence, expected):
    assert words(sentence) == expected.split()


@pytest.mark.parametrize("emoji", [FAMILY, "🇯🇵", "👍🏽", "❤", "1\u20e3", ENGLAND, "🏳\u200d🌈", "👩🏽\u200d🚀"])
def test_an_emoji_is_a_word_wherever_it_stands(emoji):
    drawn = emoji[0] + "\ufe0f" + emoji[1:] if emoji[0] in "❤1🏳" else emoji
    assert words(f"dogs{drawn}{drawn}play") == ["dogs", emoji, emoji, "play"]
    assert words(f"狗{drawn}。") == ["狗", emoji, "。"]


def test_flags_are_two_letters_each():
    assert words("🇯🇵🇫🇷") == ["🇯🇵", "🇫🇷"]


def test_nothing_but_spaces_parts_words_where_that_is_asked_for():
    assert words("两只狗🐕，2只 CATS", "spaces") == ["两只狗🐕，2只", "cats"]


def test_no_letter_is_lost():
    sentence = "两只狗abcสุนัข犬🐕 x。"
    for way in ("characters", "spaces"):
        assert "".join(words(sentence, way)) == sentence.replace(" ", "")


@pytest.fixture
def halves(monkeypatch):
    """A segmenter named jieba that cuts after every second sign, in place of the true one."""

    class Tokenizer:
        def lcut(self, text: str) -> list[str]:
            return [text[i : i + 2] for i in range(0, len(text), 2)]

    fake = types.ModuleType("jieba")
    fake.__spec__ = importlib.util.spec_from_loader("jieba", None)
    fake.Tokenizer, fake.setLogLevel = Tokenizer, lambda level: None
    monkeypatch.setitem(sys.modules, "jieba", fake)
    module._segmenter.cache_clear()
    yield
    module._segmenter.cache_clear()


def test_a_segmenter_parts_chinese_and_nothing_else(halves):
    assert words("两只狗，and สุนัข🐕", "jieba") == ["两只", "狗", ",", "and", *words("สุนัข"), "🐕"]
    assert words("東京の犬", "jieba") == ["東", "京", "の", "犬"]  # kana: Japanese, which it does not know
    check("jieba", "x")


def test_the_true_segmenter_knows_words():
    pytest.importorskip("jieba")
    assert words("参观者在汽车展区体验", "jieba") == ["参观者", "在", "汽车", "展区", "体验"]


def test_a_way_that_there_is_not_or_that_is_not_installed_is_told(monkeypatch):
    with pytest.raises(
        InputError, match="--split-words=thai: there is no way 'thai' to part words; choose characters,"
    ):
        check("thai", "--split-words=thai")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"x.json: needs the segmenter jieba, .* pip install '.\[chinese\]'"):
        check("jieba", "x.json")


def test_a_parting_cuts_off_what_is_beyond_its_most_words():
    assert Parting("characters", most=3)("两只狗在雪地里玩") == ["两", "只", "狗"]
    assert Parting()("a dog 狗") == ["a", "dog", "狗"]
    assert AT_SPACES("a 两只狗 🐕🐕") == ["a", "两只狗", "🐕🐕"]
