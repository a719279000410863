"""Texts in lines: by words where there are spaces, anywhere where there are none, never within a letter."""

import textwrap

import pytest

from embedding.report.lines import wrapped

LONG = "a rather long sentence about two dogs that play in the snow, one of them brown, which goes on and on"


@pytest.mark.parametrize("width, most", [(32, 5), (18, 2), (10, 20)])
def test_what_has_spaces_is_wrapped_as_ever(width, most):
    expected = textwrap.wrap(LONG, width=width, max_lines=most, placeholder="…", break_on_hyphens=False)
    assert wrapped(LONG, width=width, most=most) == expected
    assert wrapped("", width=9, most=2) == []


def test_chinese_is_wrapped_anywhere_by_its_width_and_no_line_begins_with_a_full_stop():
    assert wrapped("两只狗在雪地里玩耍", width=8, most=9) == ["两只狗在", "雪地里玩", "耍"]
    assert wrapped("两只狗在。雪地", width=8, most=9) == ["两只狗在。", "雪地"]
    assert wrapped("两只LOOK狗 and 雪", width=8, most=9) == ["两只LOOK", "狗 and", "雪"]


def test_what_does_not_fit_is_cut_off():
    assert wrapped("两只狗在雪地里玩耍", width=8, most=2) == ["两只狗在", "雪地里…"]


def test_letters_with_marks_and_emoji_are_never_torn():
    thai, family = "สุนัขสองตัววิ่งเล่น", "👨\u200d👩\u200d👧"
    lines = wrapped(thai, width=4, most=99)
    assert "".join(lines) == thai and not any(line[0] in "ุัิ่" for line in lines)
    assert wrapped(family * 3, width=4, most=9) == [family * 2, family]


def test_a_word_that_is_wider_than_a_line_is_broken():
    assert wrapped("狗 abcdefgh", width=4, most=9) == ["狗 a", "bcde", "fgh"]
