"""Work: have all jobs done that wait, or whose process was killed; ends when none is left."""

import logging

from django.core.management.base import BaseCommand, CommandParser

from web.galleries.work import running, supervisor


class Command(BaseCommand):
    """python -m web.manage work"""

    help = "Embed what galleries wait for; goes on with what was killed, and ends when nothing is left."

    def add_arguments(self, parser: CommandParser) -> None:
        """One flag, which the command itself uses."""
        parser.add_argument("--job", type=int, help="do this one job, in this process")

    def handle(self, *, job: int | None = None, **options: object) -> None:
        """Work."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        supervisor.work() if job is None else running.run(job)
