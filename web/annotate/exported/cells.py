"""Cells of CSV files that a spreadsheet may open."""

import csv
import io
from collections.abc import Iterable, Iterator

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for a formula begins so


def harmless(text: str) -> str:
    """The text, behind a ' where a spreadsheet would run it.

    Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if text.startswith(_RUNS) else text


def lines(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines of a CSV file, UTF-8, a piece at a time."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        if out.tell() > 1 << 16:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
