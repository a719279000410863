"""Questions as parameters of an address."""

from datetime import date

import pytest
from django.http import QueryDict

from datasets.errors import InputError
from web.search import link
from web.search.question import Filter, Part, Question

SENT = "0123456789abcdef" * 2
ALL = Question(
    (
        Part("sentence", "two dogs & a cat"),
        Part("sentence", "雪", -1),
        Part("picture", 12),
        Part("upload", SENT, 1, (0.1, 0.2, 0.5, 0.25)),
        Part("picture", 9, -1, (0.0, 0.0, 1.0, 0.5)),
    ),
    Filter(("dogs", "a&b"), "2019/may", date(2019, 5, 1), date(2019, 5, 31), ("best", "my own")),
    "geometry",
)


def read(text):
    return link.read(QueryDict(text.removeprefix("?")))


def test_a_link_holds_all_of_a_question():
    assert read(link.write(ALL)) == ALL
    assert link.write(Question(())) == "" and read("") == Question(())
    assert link.write(Question((Part("picture", 12),)), first=60) == "?like=12&first=60"


def test_empty_fields_of_a_form_ask_nothing():
    assert read("?q=&not=+&class=&folder=&since=&until=&tag=&rerank=&like=") == Question(())


def test_parts_are_added_turned_and_taken_away():
    question = link.with_part(Question(()), Part("picture", 12))
    assert link.with_part(question, Part("picture", 12, -1)).parts == (Part("picture", 12, -1),)
    assert link.turned(question, 0).parts == (Part("picture", 12, -1),)
    assert link.without_part(ALL, 1).parts == (ALL.parts[0], *ALL.parts[2:])


def test_a_crop_ends_at_the_border():
    assert read("?like=1@0.5,0.5,9,9").parts[0].crop == (0.5, 0.5, 0.5, 0.5)
    assert read("?like=1@").parts[0].crop is None


@pytest.mark.parametrize(
    "text",
    ["like=x", "like=-1", "like=u12", "like=1@1,2,3", "like=1@1,0,1,1", "like=1@inf,0,1,1", "like=1@0,0,-1,1",
     "since=2024-02-30", "until=soon", "q=" + 1001 * "a", "like=" + 19 * "9"],
)  # fmt: skip
def test_what_cannot_be_read_is_told_by_its_name(text):
    with pytest.raises(InputError, match=text.partition("=")[0]):
        read(text)


def test_a_vector_has_no_link():
    with pytest.raises(InputError, match="no link"):
        link.write(Question((Part("vector", (1.0, 2.0)),)))
