"""Wrong: what a program is told of a request that failed, and the error of one for which words do not do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from web.safety.refusals import Refused


@dataclass(frozen=True)
class Clash:
    """What somebody else changed since one saw it, and which stays as they left it."""

    pictures: Annotated[tuple[int, ...], "the number of the picture, or those of the two of a pair"]
    now: Annotated[str, "its label, or what is said of the pair"]
    revision: Annotated[int, "of now; who wants it their way nevertheless sends this one"]
    wanted: Annotated[str, "what was asked for"]
    who: Annotated[str, "who changed it; empty where that is not known"]
    when: datetime | None


@dataclass(frozen=True)
class Problem:
    """What went wrong, by RFC 9457; with the status 409, what somebody else was faster with."""

    type: str
    title: Annotated[str, "of the status"]
    status: int
    detail: Annotated[str, "in words: the field, what is wrong, what to do"]
    done: Annotated[tuple[int, ...], "pictures, or pairs, that are as was wanted all the same"] = ()
    clashes: tuple[Clash, ...] = ()


class Wrong(Refused):
    """What is wrong; ``headers`` of the answer, and ``more``, further members of its problem."""

    def __init__(self, why: str, status: int, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(why, status)
        self.headers, self.more = headers, more
