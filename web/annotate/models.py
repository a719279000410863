"""What the database knows of annotating: each change of labels and pairs, by whom and when, so that it can go back.

The label of a picture is ``Picture.label``; ``Picture.revision`` goes up with each change of it.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from web.galleries.models import Gallery, Picture


class Change(models.Model):
    """What somebody did at once, to be undone at once.

    name : of who did it, which stays when the account goes
    subject, target : the class from which and to which, where it has them
    of : the change that an undo or a redo is of
    undone : whether it is undone now
    """

    class Kind(models.TextChoices):
        """What was done."""

        ASSIGN = "assign", _("assigned")
        REJECT = "reject", _("rejected")
        RENAME = "rename", _("renamed")
        MERGE = "merge", _("merged")
        SPLIT = "split", _("split")
        PAIR = "pair", _("paired")
        UNDO = "undo", _("undone")
        REDO = "redo", _("redone")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="changes")
    who = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=150)
    when = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.CharField(max_length=200, blank=True)
    target = models.CharField(max_length=200, blank=True)
    of = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")
    undone = models.BooleanField(default=False)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("gallery", "who")),)


class Pair(models.Model):
    """Whether two pictures, the one of the lower number first, show the same thing."""

    class Told(models.TextChoices):
        """What people said of it."""

        NOTHING = "", _("nothing said")
        SAME = "same", _("same")
        DIFFERENT = "different", _("not the same")

    gallery = models.ForeignKey(Gallery, on_delete=models.CASCADE, related_name="pairs")
    first = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="+")
    told = models.CharField(max_length=16, choices=Told, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("first", "second"), name="one_pair_of_two_pictures"),)


class Step(models.Model):
    """One picture, or one pair, in a change.

    before, after : its label, "" for what the folder says; of a pair what was told of it
    stands : whether it holds, or was undone; steps of undo and redo only tell what these did, and never stand
    """

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="steps")
    picture = models.ForeignKey(Picture, null=True, on_delete=models.CASCADE, related_name="steps")
    pair = models.ForeignKey(Pair, null=True, on_delete=models.CASCADE, related_name="steps")
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    stands = models.BooleanField(default=True)

    class Meta:
        ordering = ("pk",)
