"""Web news: 2,193 press photographs with the Chinese text that stood beside them, of ten categories.

From github.com/1599421259/Web_News_Datasets, as UTF-8 tables without a header: path, number of the category, caption.
Captions have 12 to 2,376 characters, half of them less than 143; the first sentence tells the picture, what follows the
story. Thirty-one captions are those of several photographs.
"""

from pathlib import Path

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.lists import captioned, described, reading, tables

COUNTS = {"train": 1_527, "dev": 169, "test": 497}
LINE = "path<TAB>category<TAB>caption"


def load(root: str | Path | None) -> CaptionSet:
    """The set in the folder ``root``, or in ``root/web_news``: ``train.tsv``, ``test.tsv`` and what they name.

    A tenth of the training photographs is dev, always the same ones. Raises InputError naming file and line, an image
    that is missing, or counts that are not those of the set.
    """
    folder = reading.folder(root, "train.tsv", name="web_news", inner="web_news")
    named = [line for part in ("train", "test") for line in _lines(folder / f"{part}.tsv", part)]
    found = captioned.held_out(captioned.grouped(named), ("dev",))
    return described.as_set("web_news", found, counts=COUNTS, place=folder, title="Web news", per_image=None)


def _lines(file: Path, part: str) -> list[captioned.Line]:
    found = []
    for number, line in enumerate(described.lines(file), start=1):
        where = f"{file}, line {number}"
        cells = line.split("\t")
        if len(cells) != 3 or not cells[0] or not cells[1].isdecimal():
            raise InputError(f"{where}: expected {LINE}, found '{line[:60]}'")
        found.append((where, tables.path_from(str(file), cells[0]), cells[2], part))
    return found
