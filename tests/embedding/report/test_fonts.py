"""Fonts that have the letters of a text, from packages or of the system, and what is said where there are none."""

import shutil

import matplotlib
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from embedding.report import fonts

TTF = matplotlib.get_data_path() + "/fonts/ttf"


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """No fonts but matplotlib's own, whatever this machine has; nothing is remembered."""

    def forget():
        for cached in (fonts._entries, fonts._family_with, fonts._tell_missing, fonts._opened):
            cached.cache_clear()

    manager = font_manager.fontManager
    own = [entry for entry in manager.ttflist if entry.fname.startswith(matplotlib.get_data_path())]
    monkeypatch.setattr(manager, "ttflist", own)
    monkeypatch.setattr(fonts, "_BY_PIP", ())
    forget()
    yield
    forget()


def test_plain_text_is_written_by_the_usual_font_alone():
    assert fonts.families("A café, ✓ 3 €\n") == ["DejaVu Sans"]


def test_letters_that_no_font_has_are_told_once_with_what_brings_them(caplog):
    assert fonts.families("两只狗") == fonts.families("ไทย") == ["DejaVu Sans"]
    assert len(caplog.messages) == 1 and "pip install '.[fonts]'" in caplog.messages[0]


def test_what_only_steers_letters_is_not_missed(caplog):
    assert fonts.families("a\u200d\ufe0f\n\t\ue000") == ["DejaVu Sans"] and not caplog.messages


def test_fonts_of_a_package_are_used(tmp_path, monkeypatch):
    """A font of matplotlib's stands in for one of another script: it has sums that the usual one lacks."""
    letter = next(chr(code) for code in range(0x2A00, 0x2AFF) if not _usual().get_char_index(code) and _stix(code))
    kept = [entry for entry in font_manager.fontManager.ttflist if "STIX" not in entry.name]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", kept)
    assert fonts.families(letter) == ["DejaVu Sans"]
    fonts._entries.cache_clear(), fonts._family_with.cache_clear()
    (tmp_path / "a_font").mkdir()
    (tmp_path / "a_font" / "__init__.py").write_text("")
    shutil.copy(TTF + "/STIXGeneral.ttf", tmp_path / "a_font" / "STIXGeneral.ttf")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fonts, "_BY_PIP", ("not_there", "a_font"))
    assert fonts.families("a" + letter) == ["DejaVu Sans", "STIXGeneral"]
    written = fonts.dress(Figure().add_axes((0, 0, 1, 1)).text(0, 0, "$a$" + letter))
    assert written.get_fontfamily() == ["DejaVu Sans", "STIXGeneral"] and not written.get_parse_math()


def test_chinese_signs_are_drawn_as_the_text_wants_them(monkeypatch):
    class Any:
        def get_char_index(self, code):
            return code > 0x3000

    monkeypatch.setattr(fonts, "_fonts", lambda: iter([("Noto Sans CJK HK", Any())]))
    assert fonts.families("直家") == ["DejaVu Sans", "Noto Sans CJK SC"]
    assert fonts.families("直の家") == ["DejaVu Sans", "Noto Sans CJK JP"]


def _usual():
    return fonts._opened(TTF + "/DejaVuSans.ttf")


def _stix(code):
    return fonts._opened(TTF + "/STIXGeneral.ttf").get_char_index(code)
