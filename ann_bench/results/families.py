"""Families: builds that differ in their numbers only, each with the name, colour and marker that it has everywhere."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Told apart by eye on a pale background; markers differ too, for those who see colours otherwise.
_COLOURS = (
    "#3557d6",
    "#e0762b",
    "#1f9254",
    "#c8327a",
    "#0e9aa7",
    "#8a5a2b",
    "#7a45c8",
    "#d6453d",
    "#8fa31e",
    "#1d2330",
    "#5aa9f0",
    "#e3a81c",
    "#8892a6",
    "#4f7a5b",
    "#b98be0",
    "#7d1f3b",
    "#3fd0b6",
    "#f39a9a",
)
_MARKERS = "osD^vPX*<>p"  # as many as have no divisor in common with the colours: none meets the same colour twice

_KEPT = r"\b(?:f|bf|i|b)\d+$|(?:SQ|SQfp|SQbf|RaBitQ|RaBitQfs|LVQ|LeanVec)\d+(?:x\d+)?"  # how rows are kept
_SIZE = r"\d+(?:[x_]\d+)*"  # OPQ16_64, IMI2x8: numbers and what joins them; not the underscore of IVF1024_HNSW32


@dataclass(frozen=True)
class Style:
    """How a family is drawn; colour as "#3557d6", marker as matplotlib names it."""

    colour: str
    marker: str


def family(index: str, build: str) -> str:
    """The index and its build without the sizes: "faiss_float IVF,PQfs,RFlat" of "IVF1024,PQ64x4fs,RFlat".

    Settings (``M=16``) are sizes; "hnswlib" is all that is left of its builds. How a number of a row is kept is none:
    "usearch f16" and "usearch bf16", "IVF,SQ8" and "IVF,SQ4" are families apart.
    """
    words = [word for word in build.replace(" ", "").split(",") if word and "=" not in word]
    kinds = ",".join(re.sub(f"({_KEPT})|{_SIZE}", r"\1", word) for word in words)
    return index if kinds.lower() in ("", index) else f"{index} {kinds}"


def styles(names: Iterable[str]) -> dict[str, Style]:
    """A colour and a marker for every family; no two share both."""
    ordered = sorted(set(names))
    return {
        name: Style(_COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)])
        for place, name in enumerate(ordered)
    }
