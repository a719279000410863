"""Shown: what the pages of growth tell."""

from collections.abc import Iterable
from dataclasses import dataclass

from web.galleries.models import Gallery, Job, Picture, Version
from web.galleries.work import jobs
from web.grow import versions
from web.grow.models import Comparison, Training
from web.grow.training import running

_LOG = 50  # entries


@dataclass(frozen=True)
class Answer:
    """A picture among the answers; right is None where nobody knows."""

    picture: Picture | None
    number: int
    right: bool | None


@dataclass(frozen=True)
class Changed:
    """A query whose answers changed, and its precision before and after."""

    query: Answer
    before: list[Answer]
    after: list[Answer]
    precision: tuple[float, float] | None

    @property
    def better(self) -> bool:
        """Whether the newer version does better."""
        return self.precision is not None and self.precision[1] > self.precision[0]


def page(gallery: Gallery) -> dict[str, object]:
    """Of the page of a gallery."""
    there = list(gallery.versions.select_related("comparison", "gallery").prefetch_related("jobs"))
    trainings = list(gallery.trainings.select_related("job", "version", "gallery", "by"))
    return {
        "gallery": gallery,
        "versions": there,
        "back_to": versions.back_to(gallery),
        "trainings": [(each, running.is_done(each)) for each in trainings],
        "log": gallery.growth.all()[:_LOG],
        "busy": any(_is_busy(job) for job in _jobs(there, trainings)),
    }


def version(gallery: Gallery, found: Version) -> dict[str, object]:
    """Of the page of a version."""
    comparison = Comparison.objects.select_related("before").filter(version=found).first()
    job = found.jobs.first()
    return {
        "gallery": gallery,
        "version": found,
        "answers": found.pk == gallery.active_id,
        "job": job,
        "busy": _is_busy(job),
        "comparison": comparison,
        "changed": _changed(comparison) if comparison else [],
        "training": found.trainings.first(),
    }


def _jobs(there: Iterable[Version], trainings: Iterable[Training]) -> Iterable[Job | None]:
    yield from (job for version in there for job in version.jobs.all())
    yield from (training.job for training in trainings)


def _is_busy(job: Job | None) -> bool:
    return job is not None and job.state in jobs.UNFINISHED


def _changed(comparison: Comparison) -> list[Changed]:
    numbers = {change["query"] for change in comparison.changed}
    numbers |= {number for each in comparison.changed for side in ("before", "after") for number, _ in each[side]}
    pictures = comparison.version.gallery.pictures.in_bulk(numbers)

    def answers(side: list[tuple[int, bool | None]]) -> list[Answer]:
        return [Answer(pictures.get(number), number, right) for number, right in side]

    return [
        Changed(
            Answer(pictures.get(each["query"]), each["query"], None),
            answers(each["before"]),
            answers(each["after"]),
            tuple(each["precision"]) if each["precision"] else None,
        )
        for each in comparison.changed
    ]
