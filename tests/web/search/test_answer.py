"""Answers to questions."""

from web.search.answer import answer
from web.search.question import Part, Question


def test_a_picture_finds_itself_first_and_its_colour_next(gallery):
    first = gallery.pictures.filter(category="green").first()
    found = answer(gallery, Question([Part("picture", first.pk)]), count=8)
    assert found.hits[0].picture == first.pk and found.hits[0].score > 0.999
    assert {gallery.pictures.get(pk=hit.picture).category for hit in found.hits} == {"green"}
