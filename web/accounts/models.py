"""What the database knows of accounts beyond Django's own: tokens."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Token(models.Model):
    """What a program shows in place of a password. Only its hash is kept: who reads the database cannot use it.

    digest : SHA-256 of the secret, in hex. A plain hash is enough for 256 bits of chance, which nobody can guess
        through; slow hashes are for passwords
    scope : what it may do; each scope can what those before it can
    used : when it was last shown, to a minute; None for never
    """

    class Scope(models.TextChoices):
        """What it may do."""

        READ = "read", _("search and look")
        ANNOTATE = "annotate", _("also annotate")
        MANAGE = "manage", _("also add, refresh and remove galleries")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("scope"), max_length=16, choices=Scope, default=Scope.READ)
    created = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.name


class Attempt(models.Model):
    """Somebody's try to sign in that did not succeed, yet.

    client : the address that it came from
    name : that was typed, whether or not there is an account of it
    """

    client = models.CharField(max_length=64)
    name = models.CharField(max_length=150)
    when = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        indexes = (models.Index(fields=("name", "client")),)
