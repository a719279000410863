"""The pictures of a report, as PNG bytes: maps of embeddings, queries with their nearest images, training curves."""

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from embedding.report import fonts
from embedding.report.lines import wrapped

INK, MUTED, ACCENT, LINE = "#1d2330", "#667085", "#3557d6", "#e4e7ee"
RIGHT, WRONG = "#1f9254", "#d6453d"

_MARKS = {True: (RIGHT, "✓ "), False: (WRONG, "✗ "), None: (MUTED, "")}  # of a tile, by whether it is right
_SENTENCE = 2.4  # width of a sentence beside its images, a tile's being 1
_NAMED_CLASSES = 24  # up to so many, a map writes the names of the classes on itself


@dataclass(frozen=True)
class Tile:
    """An image of the grid of nearest images: its thumbnail, what stands below it, such as its class, and whether it is
    right; None where nobody can say.
    """

    thumbnail: np.ndarray
    class_name: str
    right: bool | None = True


def map_of_classes(places: np.ndarray, labels: np.ndarray, names: Mapping[int, str]) -> bytes:
    """Places (N, 2) as dots, a colour a class; labels (N,); few classes are named at their middle."""
    classes, positions = np.unique(labels, return_inverse=True)
    figure, axes = _empty_map()
    size = float(np.clip(24000 / len(places), 6, 60))
    axes.scatter(places[:, 0], places[:, 1], c=colours(len(classes))[positions], s=size, alpha=0.85, linewidths=0)
    if len(classes) <= _NAMED_CLASSES:
        for label in classes:
            x, y = np.median(places[labels == label], axis=0)
            text = axes.text(x, y, _short(names[label], 22), ha="center", va="center", size=9, color=INK)
            fonts.dress(text).set_path_effects([withStroke(linewidth=3, foreground="white")])
    return png(figure)


def _empty_map() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(10, 7.5))
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set_axis_off()
    axes.margins(0.03)
    return figure, axes


def colours(count: int) -> np.ndarray:
    """(count, 3) RGB, the first ten or twenty those of matplotlib, beyond that hues a golden angle apart."""
    if count <= 20:
        return colormaps["tab10" if count <= 10 else "tab20"](np.arange(count))[:, :3]
    turns = np.arange(count)
    hue, saturation = turns * 0.618034 % 1, np.array([0.85, 0.6, 0.75])[turns % 3]
    return hsv_to_rgb(np.stack([hue, saturation, np.array([0.75, 0.9, 0.55])[turns // 3 % 3]], axis=1))


def thin(places: np.ndarray, columns: int, rows: int) -> dict[tuple[int, int], int]:
    """{(column, row) of a grid over the map: the place nearest to the middle of that cell}; empty cells are left out.

    places (N, 2); row 0 is at the top, where the second coordinate is largest.
    """
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    grid = (places - low) / np.where(span > 0, span, 1) * (columns - 1e-6, rows - 1e-6)
    cells = np.floor(grid).astype(int)
    from_middle = np.abs(grid - cells - 0.5).max(axis=1)
    nearest = {(cells[place, 0], rows - 1 - cells[place, 1]): place for place in np.argsort(-from_middle)}
    return {(int(column), int(row)): int(place) for (column, row), place in nearest.items()}


def map_of_images(thumbnails: Mapping[tuple[int, int], np.ndarray], columns: int, rows: int, *, side: int) -> bytes:
    """A grid of ``columns`` x ``rows`` cells of ``side`` pixels with the thumbnails (s, s, 3) uint8 RGB of ``thin``."""
    canvas = np.full((rows * side, columns * side, 3), 255, np.uint8)
    inner = side - 4  # pixels; the rest parts neighbors
    for (column, row), thumbnail in thumbnails.items():
        top, left = row * side + 2, column * side + 2
        canvas[top : top + inner, left : left + inner] = cv2.resize(
            thumbnail, (inner, inner), interpolation=cv2.INTER_AREA
        )
    return cv2.imencode(".png", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))[1].tobytes()


def grid_of_nearest(rows: Sequence[tuple[Tile | str, Sequence[Tile]]]) -> bytes:
    """A row a query, its nearest images to the right of it; right ones framed green, wrong ones red and crossed.

    A query is an image, or a sentence, which is written out.
    """
    across = max(len(nearest) for _, nearest in rows)
    first = _SENTENCE if any(isinstance(query, str) for query, _ in rows) else 1.25  # where the nearest image begins
    width, height = first + 1.0 * across + 0.05, 1.32 * len(rows) + 0.3
    figure = Figure(figsize=(width * 1.1, height * 1.1))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.05, width), ylim=(height, 0))
    axes.set_axis_off()
    if first != _SENTENCE:
        axes.text(0.47, 0.13, "query", ha="center", va="center", size=10, color=MUTED)
    for rank in range(across):
        axes.text(first + 0.47 + rank, 0.13, f"{rank + 1}", ha="center", va="center", size=10, color=MUTED)
    for i, (query, nearest) in enumerate(rows):
        if isinstance(query, str):
            _write_sentence(axes, query, top=0.3 + 1.32 * i)
        else:
            _draw_tile(axes, query, left=0.0, top=0.3 + 1.32 * i, colour=INK, mark="")
        for rank, tile in enumerate(nearest):
            colour, mark = _MARKS[tile.right]
            _draw_tile(axes, tile, left=first + rank, top=0.3 + 1.32 * i, colour=colour, mark=mark)
    return png(figure, dpi=110)  # a thumbnail comes out at about its own size


def _write_sentence(axes: Axes, sentence: str, *, top: float) -> None:
    lines = wrapped(sentence, width=32, most=5)
    fonts.dress(axes.text(0, top + 0.46, "\n".join(lines), va="center", size=9.5, color=INK, linespacing=1.35))


def _draw_tile(axes: Axes, tile: Tile, *, left: float, top: float, colour: str, mark: str) -> None:
    side = 0.92
    axes.imshow(tile.thumbnail, extent=(left, left + side, top + side, top), aspect="auto", interpolation="antialiased")
    axes.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=colour, linewidth=2.2))
    name = mark + tile.class_name.replace("_", " ")
    lines = wrapped(name, width=18, most=2)
    middle = left + side / 2
    fonts.dress(axes.text(middle, top + side + 0.05, "\n".join(lines), ha="center", va="top", size=6.6, color=colour))


def curves(epochs: Sequence[Mapping[str, float]]) -> bytes:
    """Loss, what a loss tells besides, validation and images a second over the epochs of ``metrics.jsonl``."""
    validation = [key for key in _keys(epochs) if key.startswith("validation ")]
    panels = [
        ("Loss", ["loss"]),
        ("Scale of the tanh", ["scale"]),
        ("Anchors to negatives", ["distance to synthetic", "distance to negative"]),
        ("Scores of validation", validation),
        ("Images a second", ["images_per_second"]),
    ]
    panels = [(title, keys) for title, keys in panels if set(keys) & set(_keys(epochs))]
    figure = Figure(figsize=(4.2 * len(panels), 3.2), layout="constrained")
    for axes, (title, keys) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for key, colour in zip(keys, [ACCENT, "#e08a1e", RIGHT, WRONG, MUTED] * len(keys), strict=False):
            points = [(epoch["epoch"], epoch[key]) for epoch in epochs if epoch.get(key) is not None]
            axes.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=3, label=key)
        dress(axes, title, "epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if keys == ["images_per_second"]:
            axes.set_ylim(bottom=0)
        if len(keys) > 1:
            axes.legend(frameon=False, fontsize=8, labelcolor=INK)
    return png(figure)


def _keys(epochs: Sequence[Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(key for epoch in epochs for key, value in epoch.items() if value is not None))


def dress(axes: Axes, title: str, xlabel: str) -> None:
    """A title, what runs along the bottom, a pale grid, and no frame but its lower side."""
    axes.set_title(title, loc="left", size=11, color=INK)
    axes.set_xlabel(xlabel, size=9, color=MUTED)
    axes.tick_params(colors=MUTED, labelsize=8, length=0)
    axes.grid(color=LINE)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=LINE)


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"


def png(figure: Figure, *, dpi: int = 140) -> bytes:
    """The figure as a PNG file; letters that its font lacks are boxes, and no warning."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")  # names of classes in any script
        figure.savefig(stream, format="png", dpi=dpi, facecolor="white")
    return stream.getvalue()
