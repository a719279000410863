"""Backend: Django's accounts and passwords; who is signed in is asked for again only when the database has changed."""

import copy

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from web.unchanged import while_unchanged


class Backend(ModelBackend):
    """What ``settings.AUTHENTICATION_BACKENDS`` names."""

    def get_user(self, user_id: int) -> User | None:
        """Who has that number and may come in; an object of the request's own, which it may change."""
        found = _person(user_id)
        return copy.copy(found) if found is not None and self.user_can_authenticate(found) else None


@while_unchanged
def _person(number: int) -> User | None:
    return User._default_manager.filter(pk=number).first()
