"""Sessions: Django's, in the database, each asked for again only when somebody has written to it."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from web.unchanged import while_unchanged


class SessionStore(db.SessionStore):
    """What ``settings.SESSION_ENGINE`` names."""

    def _get_session_from_db(self) -> Session | None:
        found = _with(self.session_key)
        if found is None or found.expire_date <= timezone.now():
            return super()._get_session_from_db()  # which forgets its key
        return found


@while_unchanged
def _with(key: str | None) -> Session | None:
    return Session.objects.filter(session_key=key).first()
