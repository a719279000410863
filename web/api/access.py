"""Access: who asks, by a token or signed in by a browser, and whether they may."""

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from web.accounts import bearer
from web.accounts.models import Token
from web.api.wrong import Wrong

SCOPES = tuple(Token.Scope.values)  # each can what those before it can
CHALLENGE = "WWW-Authenticate"  # says how to show a token, by RFC 6750


class _Check(CsrfViewMiddleware):
    """Django's check of a form's origin, whose answer is the reason."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def admit(request: HttpRequest, scope: str) -> None:
    """Let in who may do what ``scope`` covers; raises Wrong, 401 or 403, for others.

    It sets ``request.user``, and ``request.manages``, whether who asks may manage galleries by what was shown.

    With a token neither a session nor a CSRF token is looked at: no browser sends an Authorization by itself.
    """
    secret = bearer.shown(request.headers)
    granted = _by_session(request) if secret is None else _by_token(request, secret)
    request.manages = granted >= SCOPES.index(Token.Scope.MANAGE)  # type: ignore[attr-defined]
    if granted < SCOPES.index(scope):
        raise Wrong(f"needs the scope {scope}", 403, {CHALLENGE: f'Bearer error="insufficient_scope", scope="{scope}"'})


def _by_token(request: HttpRequest, secret: str) -> int:
    """The place in SCOPES of what its token may; managing is for staff, as on the pages."""
    token = bearer.known(secret)
    if token is None:
        raise Wrong(
            "the token is not known; /accounts/tokens/ makes one", 401, {CHALLENGE: 'Bearer error="invalid_token"'}
        )
    request.user = token.user
    return min(SCOPES.index(token.scope), _most(token.user))


def _by_session(request: HttpRequest) -> int:
    """That of who is signed in."""
    if not request.user.is_authenticated:
        why = "needs a token: Authorization: Bearer TOKEN; /accounts/tokens/ makes one"
        raise Wrong(why, 401, {CHALLENGE: "Bearer"})
    check = _Check(lambda _: None)  # type: ignore[arg-type, return-value]
    check.process_request(request)
    if reason := check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Wrong(f"not from a page of this server: {reason}", 403)
    return _most(request.user)


def _most(user: object) -> int:
    """The most that somebody may."""
    return SCOPES.index(Token.Scope.MANAGE if user.is_staff else Token.Scope.ANNOTATE)  # type: ignore[attr-defined]
