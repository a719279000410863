"""The app of galleries, and what its jobs do."""

from django.apps import AppConfig


class Galleries(AppConfig):
    """Galleries."""

    name = "web.galleries"

    def ready(self) -> None:
        """Name the kinds of jobs."""
        from web.galleries.work import kinds, refresh

        kinds.register("refresh", refresh.refresh)
        kinds.register("upgrade", refresh.upgrade)
