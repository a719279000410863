"""first_account: somebody who can sign in and manage, where there is nobody yet."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import IntegrityError, transaction

from web.accounts.passwords import random_password

NAME = "admin"


class Command(BaseCommand):
    """Makes the account once, and tells its password once; where there are accounts it does nothing."""

    help = "Make the first account, and print its name and its password."

    def handle(self, *words: str, **flags: Any) -> None:
        """Make it."""
        people, password = get_user_model().objects, random_password()
        if people.exists():
            return
        try:
            with transaction.atomic():
                people.create_user(NAME, password=password, is_staff=True)
        except IntegrityError:  # another server, started at the same moment, has made it
            return
        self.stdout.write(f"first account, told only once: user {NAME}, password {password}")
