"""Audit: who changed what and when, a line a picture or pair of each change, oldest first, as CSV."""

from collections.abc import Iterator

from datasets.lists import tables
from web.annotate.models import Step
from web.galleries.exported import cells
from web.galleries.models import Gallery

COLUMNS = ("change", "when", "who", "what", "of", "picture", "path", "picture_2", "path_2", "before", "after", "stands")


def audit(gallery: Gallery) -> Iterator[str]:
    """The CSV file, a piece at a time.

    Times are UTC; ``of`` is the change that an undo or a redo is of; a label of "" is what the folder says.
    """
    steps = Step.objects.filter(change__gallery=gallery).order_by("pk")
    steps = steps.select_related("change", "picture", "pair__first", "pair__second")
    return cells.lines(COLUMNS, map(_line, steps.iterator(chunk_size=2_000)))


def _line(step: Step) -> tuple[object, ...]:
    change = step.change
    first, second = (step.picture, None) if step.picture else (step.pair.first, step.pair.second)
    texts = (change.name, change.kind)
    where = (first.pk, tables.guarded(first.path))
    more = (second.pk, tables.guarded(second.path)) if second else ("", "")
    when = change.when.isoformat(timespec="milliseconds")
    values = (tables.guarded(step.before), tables.guarded(step.after), "yes" if step.stands else "no")
    return (change.pk, when, *map(tables.guarded, texts), change.of_id or "", *where, *more, *values)
