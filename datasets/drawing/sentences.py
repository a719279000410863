"""Sentences about scenes: what there is and where, in changing words, some of them vague."""

import numpy as np

from datasets.drawing.scene import Scene, Thing

CAPTIONS = 5  # of a scene
VAGUE = 0.4  # share of scenes of which one caption leaves a shape open

WORDS = {
    "circle": ("circle", "circle", "disc"),
    "square": ("square", "square", "box"),
    "cross": ("cross", "cross", "plus"),
    "ring": ("ring", "ring", "hoop"),
    "purple": ("purple", "purple", "violet"),
    "small": ("small", "little", "tiny"),
    "large": ("large", "big", "huge"),
    "left": ("on the left", "on the left side", "at the left"),
    "right": ("on the right", "on the right side", "at the right"),
    "top": ("at the top", "in the upper half", "up above"),
    "bottom": ("at the bottom", "in the lower half", "down below"),
}
RELATIONS = {
    "left": ("left of", "to the left of", "on the left side of"),
    "right": ("right of", "to the right of", "on the right side of"),
    "top": ("above", "over", "higher than"),
    "bottom": ("below", "under", "beneath"),
}
NUMBERS = {2: ("two", "two", "a pair of"), 3: ("three", "three", "a group of three")}
PLURALS = {"box": "boxes", "cross": "crosses", "plus": "pluses"}


def sentences(scene: Scene, rng: np.random.Generator) -> list[str]:
    """Five captions of the scene, each of another make, in random order."""
    last = _vague if rng.random() < VAGUE else _scattered
    made = [make(_either_way(scene, rng), rng) for make in (_related, _placed, _listed, _coloured, last)]
    return [_written(made[place], rng) for place in rng.permutation(CAPTIONS)]


def _either_way(scene: Scene, rng: np.random.Generator) -> Scene:
    return scene if rng.random() < 0.5 else scene[::-1]


def _pick(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]


def _word(name: str, rng: np.random.Generator) -> str:
    return _pick(WORDS.get(name, (name,)), rng)


def _noun(thing: Thing, rng: np.random.Generator) -> str:
    word = _word(thing.shape, rng)
    return word if thing.count == 1 else PLURALS.get(word, f"{word}s")


def _named(thing: Thing, rng: np.random.Generator, *, sized: float = 0.7) -> str:
    """ "a small red circle", "two stars": its size with the chance ``sized``."""
    size = f"{_word(thing.size, rng)} " if rng.random() < sized else ""
    name = f"{size}{_word(thing.colour, rng)} {_noun(thing, rng)}"
    if thing.count > 1:
        return f"{_pick(NUMBERS[thing.count], rng)} {name}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _place(thing: Thing, rng: np.random.Generator) -> str:
    if " " not in thing.place:
        return _word(thing.place, rng)
    down, across = thing.place.split()
    down = _pick({"top": ("top", "upper"), "bottom": ("bottom", "lower")}[down], rng)
    return f"in the {down} {across}{_pick((' corner', ''), rng)}"


def _relation(thing: Thing, rng: np.random.Generator) -> str:
    """What ``thing`` is to the other one: "left of", "above and to the right of"."""
    if " " not in thing.place:
        return _pick(RELATIONS[thing.place], rng)
    down, across = thing.place.split()
    return f"{'above' if down == 'top' else 'below'} and to the {across} of"


def _related(scene: Scene, rng: np.random.Generator) -> str:
    one, other = scene
    verb = _pick(("", "", "is " if one.count == 1 else ""), rng)
    return f"{_named(one, rng)} {verb}{_relation(one, rng)} {_named(other, rng)}"


def _placed(scene: Scene, rng: np.random.Generator) -> str:
    parts = [f"{_named(thing, rng)} {_place(thing, rng)}" for thing in scene]
    return _pick((" and ", ", ", " with "), rng).join(parts)


def _listed(scene: Scene, rng: np.random.Generator) -> str:
    one, other = scene
    start = _pick(("", "", "a picture of ", "a drawing with "), rng)
    return f"{start}{_named(one, rng)}{_pick((' and ', ' next to ', ' with '), rng)}{_named(other, rng)}"


def _coloured(scene: Scene, rng: np.random.Generator) -> str:
    """Colours as statements of their own: "the ring on the left is red, the two stars on the right are blue"."""
    parts = []
    for thing in scene:
        number = f"{_pick(NUMBERS[thing.count][:1], rng)} " if thing.count > 1 else ""
        where = f" {_place(thing, rng)}" if rng.random() < 0.6 else ""
        verb = "is" if thing.count == 1 else "are"
        parts.append(f"the {number}{_noun(thing, rng)}{where} {verb} {_word(thing.colour, rng)}")
    return _pick((", ", " and ", " while "), rng).join(parts)


def _scattered(scene: Scene, rng: np.random.Generator) -> str:
    """ "there is a red ring on the left and right of it two blue stars"."""
    one, other = scene
    verb, it = ("is", "it") if one.count == 1 else ("are", "them")
    return f"there {verb} {_named(one, rng)} {_place(one, rng)} and {_relation(other, rng)} {it} {_named(other, rng)}"


def _vague(scene: Scene, rng: np.random.Generator) -> str:
    """One shape is left open: "a small red ring left of something blue"."""
    one, other = scene
    size = f"{_word(other.size, rng)} and " if rng.random() < 0.5 else ""
    return f"{_named(one, rng, sized=1.0)} {_relation(one, rng)} something {size}{_word(other.colour, rng)}"


def _written(text: str, rng: np.random.Generator) -> str:
    """With or without a capital and a full stop, as people write."""
    text = text[0].upper() + text[1:] if rng.random() < 0.7 else text
    return f"{text} ." if rng.random() < 0.5 else text
