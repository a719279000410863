"""What the database knows of growth: trainings on labels, what two versions are worth, and the log."""

import shlex
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from web.galleries.models import Gallery, Job, Version

ROOT = settings.ROOT.parent  # where scripts/ is, in a checkout and installed
_NAMED = 8  # classes that a line names


class Training(models.Model):
    """A network that is trained on the labels that a gallery has at one time.

    words : the command, without "python"; note : what people should know of it
    held_by : whether whole classes are held out or pictures; held : of which classes; pictures, trained : how many
    version : what was made of it, once it was
    """

    class HeldBy(models.TextChoices):
        """What is held out."""

        CLASSES = "classes", _("classes")
        PICTURES = "pictures", _("pictures")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="trainings")
    number = models.PositiveIntegerField()
    words = models.JSONField(default=list)
    note = models.TextField(blank=True)
    epochs = models.PositiveIntegerField()
    held_by = models.CharField(max_length=16, choices=HeldBy)
    held_classes = models.JSONField(default=list)
    held = models.PositiveIntegerField()
    trained = models.PositiveIntegerField()
    classes = models.PositiveIntegerField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="trainings")
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.SET_NULL, related_name="trainings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("gallery", "number"), name="one_number_a_training"),)

    def __str__(self) -> str:
        return f"{self.gallery.slug}-{self.number}"

    @property
    def folder(self) -> Path:
        """Where its labels and its run are kept."""
        return self.gallery.folder / f"training-{self.number}"

    @property
    def labels(self) -> Path:
        """The table of pictures, their classes and what trains, which the command reads."""
        return self.folder / "labels.csv"

    @property
    def seen(self) -> Path:
        """The numbers of the pictures that it trains on."""
        return self.folder / "trained.npy"

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / str(self)

    @property
    def command(self) -> str:
        """The command as a person would type it, in the folder where scripts/ is."""
        return f"cd {shlex.quote(str(ROOT))}\n{shlex.join(['python', *self.words])}"

    @property
    def held_told(self) -> str:
        """Which part of the pictures judges, and why, in a line."""
        if self.held_by == self.HeldBy.PICTURES:
            return ngettext(
                "%(count)d picture is held out of its class and judges: there are too few classes to leave whole ones"
                " out.",
                "%(count)d pictures are held out of their classes and judge: there are too few classes to leave whole"
                " ones out.",
                self.held,
            ) % {"count": self.held}
        names = ", ".join(self.held_classes[:_NAMED]) + (" …" if len(self.held_classes) > _NAMED else "")
        return _(
            "%(classes)d whole classes with %(count)d pictures are held out and judge, as a network for search is to"
            " tell apart what it has never seen: %(names)s"
        ) % {"classes": len(self.held_classes), "count": self.held, "names": names}


class Comparison(models.Model):
    """What two versions of a gallery are worth, asked with the same pictures.

    version : the newer one; before : what answered when it was made
    held : classes or pictures, "" where nobody knows what was trained on; told : which part asks, and why, in a line
    queries : how many pictures asked; among : how many they were searched in
    scores : [[name, before, after], ...], shares from 0 to 1; none where there are no labels
    changed : queries whose first answers changed most, see ``compare.Change``
    """

    version = models.OneToOneField(Version, on_delete=models.CASCADE, related_name="comparison")
    before = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")
    told = models.TextField(blank=True)
    queries = models.PositiveIntegerField(default=0)
    among = models.PositiveIntegerField(default=0)
    scores = models.JSONField(default=list)
    changed = models.JSONField(default=list)
    created = models.DateTimeField(auto_now=True)


class Entry(models.Model):
    """What somebody did to the versions of a gallery, with who and when; the log of its growth.

    before, after : numbers of versions, which may be gone since; 0 for none
    """

    class Kind(models.TextChoices):
        """What was done."""

        UPGRADE = "upgrade", _("a version was begun")
        SWITCH = "switch", _("switched")
        BACK = "back", _("went back")
        REMOVAL = "removal", _("a version was removed")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="growth")
    kind = models.CharField(max_length=16, choices=Kind)
    before = models.PositiveIntegerField(default=0)
    after = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    @classmethod
    def write(
        cls, gallery: Gallery, kind: str, by: AbstractBaseUser | None, *, before: int = 0, after: int = 0
    ) -> "Entry":
        """Write one into the log; the name of who did it stays when the account goes."""
        name = by.get_username() if by else ""
        return cls.objects.create(gallery=gallery, kind=kind, before=before, after=after, by=by, name=name)
