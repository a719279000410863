"""What the database knows of galleries: their pictures, the versions of their vectors, the jobs that make these."""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from web.serving.network import Spec

_LATEST = 2**62  # nanoseconds; the year 2116
NO_CLASS = "-"  # the label of a picture of which people said that it is of no class, whatever its folder says


def written_at(changed: int) -> datetime | None:
    """When a file was written, by nanoseconds; None where its disk tells a time far off, as damaged ones do."""
    return datetime.fromtimestamp(changed / 1e9, UTC) if abs(changed) < _LATEST else None


class Gallery(models.Model):
    """Pictures that are searched together.

    source : what names the pictures: a folder, an archive, a list, or a vectors file; absolute
    active : the version that answers; None until the first is ready
    geometry : whether its answers may be re-ranked by local features
    """

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=4096)
    active = models.ForeignKey("Version", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    geometry = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        """Where its files are kept."""
        return settings.DATA / "galleries" / str(self.pk)


class Version(models.Model):
    """A gallery as one network embeds it; several may stand side by side.

    network : the Spec, as JSON; fingerprint : of the opened network
    similarity : cosine or order; dim : D
    snapshot : the number of the newest snapshot that is there whole, 0 for none
    note : what people are told of it, such as what it was trained on
    """

    class State(models.TextChoices):
        """How far it is."""

        NEW = "new", _("new")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    network = models.TextField()
    fingerprint = models.CharField(max_length=64, blank=True)
    dim = models.PositiveIntegerField(default=0)
    similarity = models.CharField(max_length=16, default="cosine")
    state = models.CharField(max_length=16, choices=State, default=State.NEW)
    snapshot = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("gallery", "number"), name="one_number_a_version"),)

    @property
    def spec(self) -> Spec:
        """The network."""
        return Spec.read(self.network)

    @property
    def folder(self) -> Path:
        """Where its snapshots and the pieces of its embedding are kept."""
        return self.gallery.folder / f"version-{self.number}"

    @property
    def snapshot_folder(self) -> Path:
        """That of the newest snapshot."""
        return self.folder / f"snapshot-{self.snapshot}"


class Tag(models.Model):
    """A word of one's own for pictures of a gallery."""

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("gallery", "name"), name="one_tag_a_name"),)

    def __str__(self) -> str:
        return self.name


class Picture(models.Model):
    """One picture of a gallery. Its number is its name in addresses; its path never comes from a request.

    path : from the source on, as ``datasets.images.files`` lists it; of a vectors file the path in the file
    content : SHA-256 of its bytes, by which a file that moved is known again
    size, changed : bytes, and nanoseconds, of the file as it was read; while they stay it is not read again
    width, height : of the upright picture in pixels, 0 where unknown
    taken : when, by its EXIF, else by its file
    category : its class by its folder, "" for none
    label : its class as people said, "" for what the folder says, ``NO_CLASS`` for none at all
    revision : goes up with each change of label
    reason : why it cannot be read; a picture with one is in no snapshot
    """

    class State(models.TextChoices):
        """Whether it is there."""

        THERE = "there", _("there")
        UNREADABLE = "unreadable", _("unreadable")
        VANISHED = "vanished", _("vanished")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="pictures")
    path = models.CharField(max_length=4096)
    content = models.CharField(max_length=64, blank=True, db_index=True)
    size = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    taken = models.DateTimeField(null=True, blank=True)
    category = models.CharField(max_length=200, blank=True)
    label = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State, default=State.THERE)
    reason = models.CharField(max_length=500, blank=True)
    tags = models.ManyToManyField(Tag, related_name="pictures", blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("gallery", "path"), name="one_picture_a_path"),)
        indexes = (models.Index(fields=("gallery", "category")), models.Index(fields=("gallery", "label")))

    def __str__(self) -> str:
        return self.path

    @property
    def thumbnail(self) -> str:
        """The address of it small; another one when its content changes, so that browsers may keep it."""
        return f"{reverse('galleries:thumbnail', args=[self.pk])}?v={self.content[:12]}"

    @property
    def large(self) -> str:
        """The address of it large."""
        return f"{reverse('galleries:large', args=[self.pk])}?v={self.content[:12]}"

    @property
    def taken_by(self) -> str:
        """What tells when it was taken: camera, or where that told nothing, file; "" where nothing does."""
        if self.taken is None:
            return ""
        return "file" if self.taken == written_at(self.changed) else "camera"

    @property
    def called(self) -> str:
        """Its class: what people said, else what its folder says; "" for none."""
        return "" if self.label == NO_CLASS else self.label or self.category


class Job(models.Model):
    """Work in a process of its own, which goes on after a kill.

    kind : refresh (find and embed what is new), upgrade (embed all by another network), train
    done, total : pictures, or epochs
    beat : when its process last wrote; a running job without one for long is taken up by another process
    message : the last line that it told, in English; said : its parts, see ``work.lines``
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="jobs")
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    said = models.JSONField(default=list, blank=True)
    process = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    beat: "models.DateTimeField[datetime | None]" = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)

    @property
    def told(self) -> str:
        """The last line that it told, in the language of whoever reads it, as far as it is known in that."""
        said = self.said or ([(self.message, {})] if self.message else [])
        return ", ".join(
            translation.gettext(words) % facts if facts else translation.gettext(words) for words, facts in said
        )
