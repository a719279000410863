"""Bearer: tokens made, and known again in the Authorization header of a request (RFC 6750)."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone

from web.accounts.models import Token
from web.unchanged import while_unchanged

PREFIX = "de_"  # by which one that lies around, in a log or in a repository, is recognised
NOTED = timedelta(minutes=1)  # how often it is written that a token was used


def made(user: AbstractBaseUser, name: str, scope: str) -> tuple[Token, str]:
    """A new token and its secret, which nobody can be told again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    return Token.objects.create(user=user, name=name, scope=scope, digest=_digest(secret)), secret


def shown(headers: Mapping[str, str]) -> str | None:
    """The secret in the headers of a request; None where they have no Authorization, "" where it is no bearer's."""
    header = headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def known(secret: str) -> Token | None:
    """The token with this secret, with its user; None where there is none, or its user may no longer come in."""
    token = _with(_digest(secret))
    if token is not None and (token.used is None or token.used < timezone.now() - NOTED):
        _note(token)
    return token


@while_unchanged
def _with(digest: str) -> Token | None:
    """The token of that digest, which requests share."""
    return Token.objects.select_related("user").filter(digest=digest, user__is_active=True).first()


def _note(token: Token) -> None:
    """Write that it is used now, unless another request just did."""
    token.used = now = timezone.now()
    before = Q(used=None) | Q(used__lt=now - NOTED)
    Token.objects.filter(before, pk=token.pk).update(used=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
