"""Attempts: who tries passwords has to wait, longer than it takes to remember one, too long to find one."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from web.accounts.models import Attempt

WINDOW = timedelta(minutes=15)
MOST = 5  # attempts in the window, for one name from one client
MOST_OF_NAME = 100  # for one name from all clients, who may be one that has many addresses


def allowed(client: str, name: str) -> bool:
    """Whether this client may try the password of this name now; the attempt counts until ``succeeded``.

    It is written before the password is looked at, so that many at once count as well.
    """
    name, since = _kept(name), timezone.now() - WINDOW
    Attempt.objects.filter(when__lt=since).delete()
    if Attempt.objects.filter(name=name).count() >= MOST_OF_NAME or _of(client, name).count() >= MOST:
        return False
    Attempt.objects.create(client=client, name=name)
    return True


def succeeded(client: str, name: str) -> None:
    """Forget the attempts of who knew the password."""
    _of(client, name).delete()


def _of(client: str, name: str) -> QuerySet[Attempt]:
    return Attempt.objects.filter(client=client, name=_kept(name))


def _kept(name: str) -> str:
    """A name as it is counted: PostgreSQL keeps no text with the character 0."""
    return name[:150].replace("\0", "")
