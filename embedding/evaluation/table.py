"""Tables of text."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, least: int = 0) -> str:
    """A line a row, its first cell to the left and all others to the right, which are ``least`` characters wide."""
    widths = [max(least if i else 0, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
    lines = (
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        for row in rows
    )
    return "\n".join(" ".join(line).rstrip() for line in lines)
