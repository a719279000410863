"""Grow as Django knows it."""

from django.apps import AppConfig


class GrowConfig(AppConfig):
    """Names what its jobs do."""

    name = "web.grow"

    def ready(self) -> None:
        """Embedding an upgrade is followed by its comparison; trainings run beside what is embedded."""
        from web.galleries.work import kinds
        from web.grow import upgrade
        from web.grow.training import running

        kinds.register(upgrade.KIND, upgrade.work)
        kinds.register(running.KIND, running.work, lane="train")
