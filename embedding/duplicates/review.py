"""The review of duplicates: a page with a row for every group, and a CSV file to act on."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from datasets.errors import InputError
from datasets.files.whole import beside, write_page
from embedding.duplicates.groups import Copy, Group
from embedding.report.thumbnails import Thumbnails, jpeg, read_thumbnail

NAME = "duplicates.csv"
COLUMNS = ("group", "path", "like", "keep", "part")
_TEMPLATES = Path(__file__).parent / "templates"
_GROUPS, _IN_GROUP = 300, 12  # on the page


@dataclass(frozen=True)
class _Tile:
    jpeg: str
    path: str
    words: str
    part: str


def write_csv(folder: Path, groups: Sequence[Group], paths: Sequence[str], parts: Sequence[str]) -> Path:
    """Write ``folder``/duplicates.csv, a line a picture of every group, and return its path.

    Columns: group (from 1), path, like (same bytes, same pixels, or the likeness to the one to keep), keep (True for
    one of each group, and for what is not so much like that one), part (of the set: train, test, both, or nothing).
    Raises InputError where it cannot be written.
    """
    file = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside(file) as part, part.open("w", newline="", encoding="utf-8", errors="surrogateescape") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(COLUMNS)
            for number, group in enumerate(groups, start=1):
                for place, copy in enumerate(group.copies):
                    writer.writerow((number, paths[copy.row], copy.words, place == 0 or copy.stays, parts[copy.row]))
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}): name another folder by --out") from None
    return file


def write_review(
    folder: Path,
    title: str,
    groups: Sequence[Group],
    paths: Sequence[str],
    parts: Sequence[str],
    *,
    how: str,
    thumbnails: Thumbnails = read_thumbnail,
) -> Path:
    """Write ``folder``/index.html, which needs nothing beside it, and return its path.

    how : a sentence that tells by what the groups were found
    At most 300 groups of 12 pictures each are shown, and the page says so. Raises InputError as ``write_csv`` does.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    shown = [
        [_tile(paths[copy.row], _words(copy, group), parts[copy.row], thumbnails) for copy in group.copies[:_IN_GROUP]]
        for group in groups[:_GROUPS]
    ]
    page = environment.get_template("duplicates.html.j2").render(
        title=_text(title),
        how=how,
        count=len(paths),
        groups=list(zip(groups, shown, strict=False)),
        group_count=len(groups),
        more=sum(group.spare for group in groups),
        crossing=sum(crosses(group, parts) for group in groups),
        file=NAME,
    )
    return write_page(folder, page)


def crosses(group: Group, parts: Sequence[str]) -> bool:
    """Whether a group has a picture that trains and one that tests."""
    found = {parts[row] for row in group.rows}
    return "both" in found or {"train", "test"} <= found


def _words(copy: Copy, group: Group) -> str:
    return "keep" if copy is group.copies[0] else f"{copy.words}, keep too" if copy.stays else copy.words


def _tile(path: str, words: str, part: str, thumbnails: Thumbnails) -> _Tile:
    return _Tile(jpeg(thumbnails(path)), _text(path), words, part)


def _text(name: str) -> str:
    """A name that may have any bytes, as a page can show it."""
    return name.encode(errors="replace").decode()
