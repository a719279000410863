"""Wrong: a request that is refused with another status than 400, or with more than words."""

from typing import Any

from web.safety.refusals import Refused


class Wrong(Refused):
    """What is wrong; ``headers`` of the answer, and ``more``, further members of its problem."""

    def __init__(self, why: str, status: int, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(why, status)
        self.headers, self.more = headers, more
