"""Saved codes: vectors files of metric hamming, by the names that tables give them, with their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from hashing.evaluation.scores import EXPECTED, Rules, evaluate


@dataclass(frozen=True, eq=False)
class Scored:
    """Codes with their name, the file they come from, and their scores {name: score}."""

    name: str
    path: Path
    vectors: VectorSet
    scores: Mapping[str, float]


def score(
    paths: Sequence[Path],
    *,
    tops: Sequence[int | None] = (None,),
    radius: int = 2,
    ns: Sequence[int] = (100, 1000),
    rules: Rules = EXPECTED,
) -> list[Scored]:
    """The codes of vectors files and run folders, with their scores by ``evaluate``, which says what is asked for.

    Raises InputError naming the path where there is no such file, or it holds no labelled codes.
    """
    files = [vectors_file.file_of(path) for path in paths]
    found = []
    for path, name in zip(files, names(files), strict=True):
        vectors = vectors_file.load(path)
        try:
            scores = evaluate(vectors, tops=tops, radius=radius, ns=ns, rules=rules)
        except InputError as error:  # it knows the name of the set, which several files may share
            raise InputError(f"{path}: {error}") from None
        found.append(Scored(name, path, vectors, scores))
    return found


def names(files: Sequence[Path]) -> list[str]:
    """A name for each: of a vectors.h5 that of its folder, of others their own; whole paths where two agree."""
    short = [path.parent.name if path.name == vectors_file.NAME and path.parent.name else path.stem for path in files]
    return [str(path) if short.count(name) > 1 else name for path, name in zip(files, short, strict=True)]
