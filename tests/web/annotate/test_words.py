"""Names that break between their words."""

import pytest

from web.annotate.templatetags.words import breakable


@pytest.mark.parametrize(
    "name, shown",
    [
        ("black_footed_albatross", "black_<wbr>footed_<wbr>albatross"),
        ("BarnOwl", "Barn<wbr>Owl"),
        ("a-b/c.d", "a-<wbr>b/<wbr>c.<wbr>d"),
        ("two words", "two words"),
        ("___", "___"),
        ("<b>_&", "&lt;b&gt;_<wbr>&amp;"),
        ("", ""),
    ],
)
def test_it_works(name, shown):
    assert breakable(name) == shown
