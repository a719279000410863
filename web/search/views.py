"""Views of the search page: the page whole, and more of its results."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import NO_CLASS, Gallery
from web.search import answer, link, passing, shown
from web.search.question import Question
from web.serving.network import Network

COUNT = 60  # results at once
_CHOICES = 1000  # classes and tags that a field offers

Facts = dict[str, Any]


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page on which one gallery is searched, with the first results."""
    return searched(request, get_object_or_404(Gallery, slug=slug), request.GET)


@require_safe
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Tiles from parameter first on, and the link to the next ones; an InputError is the middleware's."""
    gallery = get_object_or_404(Gallery, slug=slug)
    question = link.read(request.GET)
    return render(request, "search/results.html", found(gallery, question, first_of(request.GET)))


def searched(
    request: HttpRequest, gallery: Gallery, asked: QueryDict, mistake: InputError | None = None
) -> HttpResponse:
    """The page with the answer to ``asked``; with the ``mistake`` that was made, and its status, where there is one."""
    question, facts = Question(()), {}
    try:
        question = link.read(asked)
        facts = found(gallery, question, first_of(asked))
    except InputError as error:
        mistake = mistake or error
    facts = {**_form(gallery, question), "gallery": gallery, **facts, "mistake": mistake}
    page = render(request, "search/page.html", facts, status=getattr(mistake, "status", 400) if mistake else 200)
    page.why = str(mistake or "")  # type: ignore[attr-defined]  # what the log tells of a refusal
    return page


def first_of(parameters: QueryDict) -> int:
    """The place of the first result that is asked for; raises InputError where it is no number."""
    text = parameters.get("first", "0")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InputError(f"first={text[:40]}: is no whole number from 0 on")
    return int(text)


def found(gallery: Gallery, question: Question, first: int) -> Facts:
    """What the page says of an answer: its tiles and the parameters of the next; raises InputError."""
    its = answer.answer(gallery, question, first=first, count=COUNT)
    end = first + COUNT
    return {
        "gallery": gallery,
        "question": question,
        "asks": bool(question.parts),
        "asked": link.write(question),
        "answer": its,
        "milliseconds": round(1000 * sum(its.seconds.values())),
        "unknown": _unknown(gallery, question),
        "tiles": shown.tiles(gallery, question, its.hits),
        "next": link.write(question, first=end) if end < min(its.passing, answer.MOST) else "",
    }


def _unknown(gallery: Gallery, question: Question) -> list[str]:
    """The words of its sentences that the network does not know, and passes over."""
    network = served.of_gallery(gallery).network
    texts = [str(part.value) for part in question.parts if part.kind == "sentence"]
    return list(dict.fromkeys(word for text in texts for word in network.unknown(text)))


def _form(gallery: Gallery, question: Question) -> Facts:
    """What the form of the question shows."""
    network = _network(gallery)
    sentences = network is not None and network.knows_sentences
    parts = list(question.parts)
    boxes = {sign: _first_sentence(question, sign) if sentences else None for sign in (1, -1)}
    places = [place for place in range(len(parts)) if place not in boxes.values()]
    texts = {sign: "" if place is None else str(parts[place].value) for sign, place in boxes.items()}
    return {
        "question": question,
        "asks": bool(parts),
        "asked": link.write(question),
        "link": link.parameters(question),
        "kept": link.parameters(Question([parts[place] for place in places])),
        "chips": shown.chips(gallery, question, places),
        "knows_sentences": sentences,
        "knows_sketches": network is not None and network.knows_sketches,
        "sees": min(network.size) if network is not None else 0,
        "sentence": texts[1],
        "but": texts[-1],
        "filtered": question.filter != passing.ANY,
        "classes": classes(gallery),
        "tags": list(gallery.tags.values_list("name", flat=True)[:_CHOICES]),
        "orders": _orders(gallery, question),
        "addresses": settings.FETCH,
    }


def _first_sentence(question: Question, sign: int) -> int | None:
    """The place of the first sentence with that sign, which stands in a field of its own."""
    found = (place for place, part in enumerate(question.parts) if (part.kind, part.sign) == ("sentence", sign))
    return next(found, None)


def _network(gallery: Gallery) -> Network | None:
    try:
        return served.of_gallery(gallery).network
    except InputError:  # it is not ready, which the answer tells
        return None


def classes(gallery: Gallery) -> list[str]:
    """The classes of its pictures, as people said or else as the folders say, by name; the first 1,000."""
    said = gallery.pictures.exclude(label__in=("", NO_CLASS)).order_by().values_list("label", flat=True).distinct()
    folders = gallery.pictures.filter(label="").exclude(category="").order_by()
    return sorted({*said, *folders.values_list("category", flat=True).distinct()})[:_CHOICES]


def _orders(gallery: Gallery, question: Question) -> list[tuple[str, str]]:
    """The orders that can be chosen: values of rerank with words; what was asked for in the address besides."""
    offered = {"": _("as alike as the network finds them"), "alpha-qe=10:3": _("what is found first asks again")}
    if gallery.geometry:
        offered["geometry"] = _("the first 100 compared by what is seen in both")
        offered["geometry=500"] = _("the first 500 compared so, slower")
        offered["alpha-qe=10:3, geometry"] = _("both, one after the other")
    return list({question.rerank: question.rerank, **offered}.items())
