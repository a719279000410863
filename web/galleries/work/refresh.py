"""Refresh: a gallery as its source is now; and upgrade, a version of it embedded by another network."""

from collections import Counter

from django.utils.translation import gettext_noop as _

from embedding.reranking import kept_features, local_features
from web.galleries import shown
from web.galleries.models import Gallery, Job, Picture, Version
from web.galleries.scanning.scan import Scan
from web.galleries.sources import opened
from web.galleries.work.embed import embed
from web.galleries.work.lines import joined, line
from web.galleries.work.progress import Progress

_COUNTED = {
    "new": _("%(count)s new"),
    "changed": _("%(count)s changed"),
    "moved": _("%(count)s moved"),
    "vanished": _("%(count)s vanished"),
    "unreadable": _("%(count)s unreadable"),
    "unchanged": _("%(count)s unchanged"),
}
_ROUNDS = 3  # of a source that changes while it is read


def refresh(job: Job, progress: Progress) -> str:
    """Find what is new, changed, moved or gone; embed that for the versions that answer, or may answer again."""
    for _round in range(_ROUNDS):
        counts = scan(job.gallery, progress)
        if not sum(embed(version, progress) for version in _versions(job)):
            break
    counts["unreadable"] = job.gallery.pictures.filter(
        state=Picture.State.UNREADABLE
    ).count()  # some by embedding alone
    return _line(counts)


def upgrade(job: Job, progress: Progress) -> str:
    """Embed the pictures that are known by the network of the job's version."""
    embed(job.version, progress)
    return ""


def scan(gallery: Gallery, progress: Progress) -> Counter:
    """Bring the gallery's pictures to what its source names; tells what was passed over."""
    progress.say("scan", done=0, total=0)
    source = opened.source(gallery.source)
    counts = Scan(gallery, source, progress).run()
    counts["passed"] = str(source.passed) if source.passed else ""
    gone = gallery.pictures.filter(state=Picture.State.VANISHED)
    shown.forget(gallery, set(gone.values_list("pk", flat=True)))
    kept_features.tidy(gallery.folder / "features", local_features.Sift())
    return counts


def _versions(job: Job) -> list[Version]:
    """Those that are ready, and the one that is to be: the job's own, or the first of the gallery."""
    versions = list(job.gallery.versions.select_related("gallery"))
    wanted = job.version or versions[0]
    return [version for version in versions if version.state == Version.State.READY or version == wanted]


def _line(counts: Counter) -> str:
    told = [line(words, count=f"{counts[kind]:,}") for kind, words in _COUNTED.items() if counts[kind]]
    return joined([*told, counts["passed"]])
