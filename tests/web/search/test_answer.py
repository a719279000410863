"""Answers to questions."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import NO_CLASS
from web.galleries.served import Served
from web.search.answer import answer
from web.search.asking import MINUS
from web.search.question import Filter, Part, Question


def one_of(gallery, category):
    return Part("picture", gallery.pictures.filter(category=category).first().pk)


def categories(gallery, found):
    return {gallery.pictures.get(pk=hit.picture).category for hit in found.hits}


def test_a_picture_finds_itself_first_and_its_colour_next(gallery):
    first = one_of(gallery, "green")
    found = answer(gallery, Question([first]), count=8)
    assert found.hits[0].picture == first.value and found.hits[0].score > 0.999
    assert categories(gallery, found) == {"green"}
    assert found.exact and found.passing == 24


def test_plus_and_minus_are_means_that_are_taken_apart(gallery):
    snapshot = served.of_gallery(gallery).snapshot
    red, green, blue = (one_of(gallery, name) for name in ("red", "green", "blue"))
    found = answer(gallery, Question([red, green, replace(blue, sign=-1)]), count=24)
    vectors = np.array(snapshot.vectors)[snapshot.rows(np.array([part.value for part in (red, green, blue)]))]
    wanted = (vectors[0] + vectors[1]) / 2 - MINUS * vectors[2]
    scores = np.array(snapshot.vectors) @ (wanted / np.linalg.norm(wanted))
    assert [hit.picture for hit in found.hits] == snapshot.ids[np.argsort(-scores, kind="stable")].tolist()
    assert np.allclose([hit.score for hit in found.hits], np.sort(scores)[::-1], atol=1e-6)


def test_minus_alone_finds_what_is_least_alike(gallery):
    green = one_of(gallery, "green")
    found = answer(gallery, Question([replace(green, sign=-1)]), count=24)
    plain = answer(gallery, Question([green]), count=24)
    assert [hit.picture for hit in found.hits] == [hit.picture for hit in plain.hits][::-1]


def test_pages_of_an_answer_are_the_answer(gallery):
    question = Question([one_of(gallery, "red")])
    whole = answer(gallery, question, count=1000).hits
    assert len(whole) == 24
    parts = [answer(gallery, question, first=first, count=7).hits for first in range(0, 35, 7)]
    assert [hit for part in parts for hit in part] == list(whole)


def test_filters_join(gallery):
    blue = gallery.pictures.filter(category="blue")
    blue.update(taken=datetime(2019, 5, 31, 23, 59, tzinfo=UTC))
    first, second, third = blue[:3]
    for picture, label in ((first, "red"), (second, NO_CLASS)):
        picture.label = label
        picture.save()
    third.tags.create(gallery=gallery, name="sea")
    third.tags.create(gallery=gallery, name="sky")

    def passing(**which):
        found = answer(gallery, Question([one_of(gallery, "red")], Filter(**which)), count=24)
        assert found.passing == len(found.hits) and found.exact
        return found.passing

    assert passing(categories=("red",)) == 9 and passing(categories=("blue",)) == 6
    assert passing(categories=("blue", "red")) == 15 and passing(categories=(NO_CLASS,)) == 0
    assert passing(folder="blue") == 8 and passing(folder="BLUE") == 0 and passing(folder="b%") == 0
    assert passing(since=date(2019, 5, 31), until=date(2019, 5, 31)) == 8
    assert passing(until=date(2019, 5, 30)) == 0 and passing(since=date(2019, 6, 1)) == 0
    assert passing(until=date.max) == 8 and passing(since=date.min) == 8
    assert passing(tags=("sea", "sky")) == 1 and passing(tags=("sea", "sand")) == 0
    assert passing(categories=("blue",), folder="blue/", tags=("sea",)) == 1


def test_a_tag_of_another_gallery_is_none_of_this_one(gallery):
    from web.galleries.models import Gallery

    other = Gallery.objects.create(slug="other", name="Other", source="/nowhere")
    gallery.pictures.first().tags.create(gallery=gallery, name="sea")
    other.tags.create(gallery=other, name="sky")
    assert answer(gallery, Question([], Filter(tags=("sea",)))).passing == 1
    assert answer(gallery, Question([], Filter(tags=("sky",)))).passing == 0


def test_a_vector_asks_whatever_its_length(gallery):
    snapshot = served.of_gallery(gallery).snapshot
    found = answer(gallery, Question([Part("vector", tuple(7 * np.array(snapshot.vectors[5])))]))
    assert found.hits[0].picture == snapshot.ids[5] and found.hits[0].score == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("vector", [(1.0, 2.0), (), "nan", "zeros", "huge"])
def test_a_vector_that_cannot_ask_is_told(gallery, vector):
    dim = served.of_gallery(gallery).snapshot.dim
    value = {"nan": dim * (float("nan"),), "zeros": dim * (0.0,), "huge": dim * (1e300,)}.get(str(vector), vector)
    with pytest.raises(InputError, match="^vector: "):
        answer(gallery, Question([Part("vector", value)]))


def test_what_cancels_is_told(gallery):
    snapshot = served.of_gallery(gallery).snapshot
    row = np.array(snapshot.vectors[3])
    parts = [Part("vector", tuple(row)), Part("vector", tuple(row), -1)]
    assert answer(gallery, Question(parts)).hits[0].picture == snapshot.ids[3]  # half of it is left
    with pytest.raises(InputError, match="cancel each other"):
        answer(gallery, Question([Part("vector", tuple(row)), Part("vector", tuple(-row))]))


@pytest.mark.parametrize("places", [{"first": -1}, {"first": 10_000}, {"count": 0}, {"count": 1001}])
def test_places_are_limited(gallery, places):
    with pytest.raises(InputError, match="first="):
        answer(gallery, Question([]), **places)


def test_what_is_not_there_any_more_is_told(gallery, photos):
    picture = gallery.pictures.first()
    (photos / picture.path).unlink()
    whole = Question([Part("picture", picture.pk)])
    assert answer(gallery, whole).hits[0].picture == picture.pk  # its vector is there
    with pytest.raises(InputError, match=f"picture {picture.pk}: .*ask with another"):
        answer(gallery, Question([Part("picture", picture.pk, 1, (0, 0, 0.5, 0.5))]))
    with pytest.raises(InputError, match="picture 999: is not in this gallery"):
        answer(gallery, Question([Part("picture", 999)]))
    with pytest.raises(InputError, match="send it again"):
        answer(gallery, Question([Part("upload", 32 * "0")]))
    with pytest.raises(InputError, match="is no picture that was sent"):
        answer(gallery, Question([Part("upload", "../../settings.py")]))


def test_a_picture_that_is_not_embedded_yet_asks_by_its_file(gallery, photos):
    (photos / "new.jpg").write_bytes((photos / "blue" / "0.jpg").read_bytes())
    new = gallery.pictures.create(path="new.jpg")
    found = answer(gallery, Question([Part("picture", new.pk)]), count=8)
    assert categories(gallery, found) == {"blue"} and found.hits[0].score > 0.999


@dataclass(frozen=True)
class Talking:
    """A network that says what its pictures show, in place of that of a gallery."""

    facts: object
    said: dict[str, np.ndarray]

    def sentence(self, text):
        return self.said[text]


def test_sentences_ask_by_the_order_where_the_network_has_one(gallery, monkeypatch):
    its = served.of_gallery(gallery)
    says = np.abs(np.array(its.snapshot.vectors[4]))
    network = Talking(replace(its.network.facts, similarity="order"), {"green": says})
    monkeypatch.setattr(served, "of_gallery", lambda _: Served(network, its.snapshot))
    found = answer(gallery, Question([Part("sentence", "green")]), count=24)
    vectors = np.array(its.snapshot.vectors)
    scores = -(np.maximum(0, says - vectors) ** 2).sum(axis=1)
    assert np.allclose([hit.score for hit in found.hits], np.sort(scores)[::-1], atol=1e-5)
    both = answer(gallery, Question([Part("sentence", "green"), Part("picture", int(its.snapshot.ids[4]))]))
    assert -1 <= both.hits[-1].score <= both.hits[0].score <= 1  # a picture asks by the cosine


def test_the_answer_says_where_an_index_may_have_missed_some(gallery, monkeypatch):
    from web.serving.snapshot import Snapshot

    monkeypatch.setattr(Snapshot, "search", lambda self, *given, similarity: (self.ids[None], np.zeros((1, 24))))
    monkeypatch.setattr(Snapshot, "compares_all", lambda self, k, passing=None, similarity="": passing is not None)
    one = one_of(gallery, "red")
    assert not answer(gallery, Question([one])).exact
    assert answer(gallery, Question([one], Filter(("red",)))).exact
    assert answer(gallery, Question([])).exact
