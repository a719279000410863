"""The facts of a network as the words of an ONNX file's metadata, and back."""

from collections.abc import Mapping
from dataclasses import fields

from datasets.errors import InputError
from embedding.batches.decode import parse_size
from embedding.engine.base import Facts

_NEW = {"power"}


def to_words(facts: Facts) -> dict[str, str]:
    """Each fact as a word: ``{"network": "0b5c...", "size": "224x224", "codes": "no", ...}``."""
    high, wide = facts.size
    words = {field.name: str(getattr(facts, field.name)) for field in fields(facts)}
    return {**words, "size": f"{high}x{wide}", "codes": "yes" if facts.codes else "no"}


def from_words(words: Mapping[str, str]) -> Facts | None:
    """What ``to_words`` gave, among other words; None where they are not all there, as in a file of somebody else.

    A fact that files written before it was one do not tell is what it is by default.
    """
    if not {field.name for field in fields(Facts)} - _NEW <= set(words):
        return None
    try:
        return Facts(
            network=words["network"],
            model=words["model"],
            size=parse_size(words["size"], "size"),
            resize=words["resize"],
            dim=int(words["dim"]),
            codes=words["codes"] == "yes",
            similarity=words["similarity"],
            power=float(words.get("power", 1.0)),
        )
    except (ValueError, InputError):
        return None
