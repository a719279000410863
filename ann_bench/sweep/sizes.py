"""Sizes of a grid file that follow the set: "IVF{2 lists per root, at most 64},PQ{1/2 parts per dimension}".

- ``{N lists per root}``: inverted lists, N times the root of the number of gallery rows
- ``{N parts per dimension}``: subquantizers, N times the dimensions, or the next smaller number that divides those
- ``{N bits per dimension}``: bits of a code, N times the dimensions, or the next smaller multiple of 8

N is a number like 4, 0.5 or 1/2, and ", at most M" may follow. No size is 0, and there are no more lists than rows.
"""

import math
import re
from fractions import Fraction

from datasets.errors import InputError

_BRACES = re.compile(r"\{([^{}]*)\}")
_SIZE = re.compile(
    r" *(?P<times>\d+(?:\.\d+)?(?:/[1-9]\d*)?) (?P<kind>list|part|bit)s? per (?P<of>root|dimension)"
    r"(?:, *at most (?P<most>[1-9]\d*))? *"
)
_OF = {"list": "root", "part": "dimension", "bit": "dimension"}
_FORMS = "{2 lists per root}, {1/2 parts per dimension} or {1 bit per dimension}, with ', at most 64' where wanted"


def check(build: str, where: str) -> None:
    """Raises InputError, which begins with ``where`` the build stands, for braces that hold no size."""
    for text in _BRACES.findall(build):
        found = _SIZE.fullmatch(text)
        if not found or _OF[found["kind"]] != found["of"] or not _times(found):
            raise InputError(f"{where}: '{{{text}}}' in {build} is no size; write {_FORMS}")
    if set("{}") & set(_BRACES.sub("", build)):
        raise InputError(f"{where}: a brace in {build} has no other; write {_FORMS}")


def fitted(build: str, *, count: int, dim: int) -> str:
    """``build``, which ``check`` has passed, with all sizes as numbers for (count, dim) vectors: "IVF64,PQ16".

    dim : D, in bits where rows are codes
    """
    return _BRACES.sub(lambda braces: str(_number(_SIZE.fullmatch(braces[1]), count, dim)), build)


def _number(size: re.Match, count: int, dim: int) -> int:
    most = int(size["most"]) if size["most"] else math.inf
    if size["kind"] == "list":
        return max(1, min(round(_times(size) * math.sqrt(count)), most, count))
    wanted = min(int(_times(size) * dim), most)
    if size["kind"] == "bit":
        return max(8, wanted // 8 * 8)
    return next(parts for parts in range(max(1, min(wanted, dim)), 0, -1) if dim % parts == 0)


def _times(size: re.Match) -> Fraction:
    times, _, of = size["times"].partition("/")
    return Fraction(times) / int(of or 1)
