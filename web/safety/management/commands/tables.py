"""Tables: those of the database, made, or brought to what this version of the page knows."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from web.safety import databases


class Command(BaseCommand):
    """``python -m web.manage tables``; raises InputError, one line, where the database cannot be written."""

    help = "Make the tables of the database, or bring them to what this version knows."
    requires_system_checks = ()

    def handle(self, *words: str, **flags: Any) -> None:
        """Make them; what is old goes: sessions that have expired."""
        with databases.told():
            call_command("migrate", verbosity=0, interactive=False)
            call_command("clearsessions")
