"""A drawn scene as facts: two things, each one shape or a few of the same, and which pairs of them a part may show."""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "black")
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
SIZES = ("small", "large")
MAX_COUNT = 3  # shapes of one thing
SIDES = ("left", "right", "top", "bottom")
CORNERS = ("top left", "top right", "bottom left", "bottom right")
OPPOSITE = {
    "left": "right",
    "right": "left",
    "top": "bottom",
    "bottom": "top",
    "top left": "bottom right",
    "top right": "bottom left",
    "bottom left": "top right",
    "bottom right": "top left",
}

Kind = tuple[str, str]  # a colour and a shape


@dataclass(frozen=True)
class Thing:
    """``count`` shapes of the same colour, shape and size at one ``place`` of the picture."""

    colour: str
    shape: str
    size: str
    count: int
    place: str


Scene = tuple[Thing, Thing]  # at opposite places, of two different kinds


def deal(rng: np.random.Generator, *, train: int, dev: int, test: int) -> dict[str, list[Scene]]:
    """So many scenes for each part, drawn with ``rng``.

    What two kinds a scene shows is dealt out first: a pair of kinds is in one part only, in dev and test in one scene.
    What a network sees there is therefore a combination that it was not trained on, while it has seen every kind.
    """
    kinds = list(product(COLOURS, SHAPES))
    pairs = list(combinations(kinds, 2))
    order = rng.permutation(len(pairs))
    hands = dict(zip(("test", "dev", "train"), np.split(order, [test, test + dev]), strict=True))
    hands["train"] = np.resize(hands["train"], train)  # the pairs left over take turns
    return {part: [_scene(pairs[place], rng) for place in hands[part]] for part in ("train", "dev", "test")}


def _scene(pair: tuple[Kind, Kind], rng: np.random.Generator) -> Scene:
    counts = rng.choice(MAX_COUNT, size=2, p=(0.6, 0.2, 0.2)) + 1
    places = SIDES + CORNERS if counts.max() == 1 else SIDES  # several have no room in a corner
    place = places[rng.integers(len(places))]
    first, second = (
        Thing(colour, shape, SIZES[rng.integers(2)], int(count), where)
        for (colour, shape), count, where in zip(pair, counts, (place, OPPOSITE[place]), strict=True)
    )
    return first, second
