"""Spaces: what may be varied in a build besides its family, and the values that are worth trying."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ann_bench import indexes

_AROUND = (0.25, 0.375, 0.5, 0.75, 1, 1.5, 2, 3, 4)  # times the number in a default build
_SETTING = re.compile(r"(?P<name>\w+)=(?P<number>\d+)")
# What of a Faiss factory string is a size: lists, links, parts. 4-bit parts, not the 4; no links of a coarse graph.
_WORDS = {
    "lists": re.compile(r"(?<![A-Za-z_])B?IVF(?P<number>\d+)"),
    "links": re.compile(r"(?<![A-Za-z_])B?(?:HNSW|NSG)(?P<number>\d+)"),
    "parts": re.compile(r"(?<![A-Za-z_])PQ(?P<number>\d+)"),
}


@dataclass(frozen=True)
class Space:
    """A build with places for its numbers: "M={M},ef_construction={ef_construction}", and each number's values.

    values : ascending, the default's among them; default : of each number
    """

    template: str
    values: Mapping[str, Sequence[int]]
    default: Mapping[str, int]

    def build(self, chosen: Mapping[str, int]) -> str:
        """The build with these numbers."""
        return self.template.format(**chosen)

    def numbers(self, build: str) -> dict[str, int]:
        """The numbers of a build of this space; nothing where it is none of it."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\d+)", re.escape(self.template))
        found = re.fullmatch(pattern, build)
        return {name: int(value) for name, value in found.groupdict().items()} if found else {}


def of(index: str, build: str, dim: int) -> Space:
    """What may be varied in a default build of ``index``.

    Settings (``M=16``) by the values that its file names in SPACE, setting -> values; others, and the sizes in factory
    strings, by a quarter to four times what they are. Behind OPQ the parts stay: both are of one length.
    """
    known = getattr(indexes.get(index), "SPACE", {})
    spans = [(found.span("number"), found["name"]) for found in _SETTING.finditer(build)]
    if not spans or "," in build and not _SETTING.match(build):
        spans += [
            (found.span("number"), name)
            for name, pattern in _WORDS.items()
            if (found := pattern.search(build)) and not (name == "parts" and "OPQ" in build)
        ]
    template, values, default, last = "", {}, {}, 0
    for (start, end), name in sorted(spans):
        number = int(build[start:end])
        template += build[last:start].replace("{", "{{").replace("}", "}}") + "{" + name + "}"
        default[name], last = number, end
        if name == "parts":
            around = [parts for parts in range(1, dim + 1) if dim % parts == 0 and number / 4 <= parts <= number * 4]
        else:
            around = known.get(name) or [max(1, round(number * times)) for times in _AROUND]
        values[name] = tuple(sorted({*around, number}))
    return Space(template + build[last:], values, default)
