"""The app of annotate, and what its jobs do."""

from django.apps import AppConfig


class Annotate(AppConfig):
    """Annotate."""

    name = "web.annotate"

    def ready(self) -> None:
        """Name the kinds of jobs, which go on beside those that embed."""
        from web.annotate.rows import mined
        from web.galleries.work import kinds

        for among in mined.AMONG:
            kinds.register(mined.kind(among), mined.work, lane="propose")
