"""Access: who asks, by a token or signed in by a browser, and whether they may."""

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from web.accounts import bearer
from web.accounts.models import Token

SCOPES = tuple(Token.Scope.values)  # each can what those before it can


class Refused(Exception):
    """An answer of 401 or 403; says why.

    challenge : the WWW-Authenticate of RFC 6750
    """

    def __init__(self, status: int, detail: str, challenge: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.challenge = status, detail, challenge


class _Check(CsrfViewMiddleware):
    """Django's check of a form's origin, whose answer is the reason."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def admit(request: HttpRequest, scope: str) -> None:
    """Let in who may do what ``scope`` covers, and set ``request.user``; raises Refused for others.

    With a token neither a session nor a CSRF token is looked at: no browser sends an Authorization by itself.
    """
    secret = bearer.shown(request.headers)
    granted = _by_session(request) if secret is None else _by_token(request, secret)
    if granted < SCOPES.index(scope):
        raise Refused(403, f"needs the scope {scope}", f'Bearer error="insufficient_scope", scope="{scope}"')


def _by_token(request: HttpRequest, secret: str) -> int:
    """The place in SCOPES of what its token may; managing is for staff, as on the pages."""
    token = bearer.known(secret)
    if token is None:
        raise Refused(401, "the token is not known; /accounts/tokens/ makes one", 'Bearer error="invalid_token"')
    request.user = token.user
    return min(SCOPES.index(token.scope), _most(token.user))


def _by_session(request: HttpRequest) -> int:
    """That of who is signed in."""
    if not request.user.is_authenticated:
        raise Refused(401, "needs a token: Authorization: Bearer TOKEN; /accounts/tokens/ makes one", "Bearer")
    check = _Check(lambda _: None)  # type: ignore[arg-type, return-value]
    check.process_request(request)
    if reason := check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Refused(403, f"not from a page of this server: {reason}")
    return _most(request.user)


def _most(user: object) -> int:
    """The most that somebody may."""
    return SCOPES.index(Token.Scope.MANAGE if user.is_staff else Token.Scope.ANNOTATE)  # type: ignore[attr-defined]
