"""Scenes: combinations that were not trained on, captions that are true and mostly tell them apart, the same each time.

The captions are read here by a plain grammar of their words, which shares nothing with the one that writes them.
"""

import re

import numpy as np
import pytest

from datasets.captions import scenes
from datasets.captions.base import PARTS
from datasets.drawing import pictures
from datasets.drawing.scene import COLOURS, OPPOSITE, SHAPES, Thing, deal

SAME = {"disc": "circle", "box": "square", "plus": "cross", "hoop": "ring", "violet": "purple"}
SAME |= {"little": "small", "tiny": "small", "big": "large", "huge": "large"}
NUMBERS = {"a": 1, "an": 1, "two": 2, "a pair of": 2, "three": 3, "a group of three": 3}
SIZE = "(small|little|tiny|large|big|huge)"
COLOUR = f"({'|'.join(COLOURS)}|violet)"
SHAPE = f"({'|'.join(SHAPES)}|disc|box|plus|hoop)"
# "two small red stars", or "the (two) stars (on the left) are red", or "something small and red"
MENTION = re.compile(
    rf"(?:(a pair of|a group of three|an?|two|three) )?(?:{SIZE} )?(?:{COLOUR} )?{SHAPE}(?:e?s)?\b"
    rf"(?:(?: (?:on|at|in|up|down)[a-z ]*?)? (?:is|are) {COLOUR})?"
    rf"|something (?:{SIZE} and )?{COLOUR}"
)


def mentions(caption):
    """What the caption says of each thing: (count, size, colour, shape), None for what it leaves open."""
    said = []
    for count, size, colour, shape, stated, other_size, other_colour in MENTION.findall(caption.lower()):
        words = (size or other_size, colour or stated or other_colour, shape)
        said.append((NUMBERS.get(count), *(SAME.get(word, word) or None for word in words)))
    return said


def fits(said, thing):
    facts = (thing.count, thing.size, thing.colour, thing.shape)
    return all(word is None or word == fact for word, fact in zip(said, facts, strict=True))


def fitting(said, dealt):
    """Which of the scenes ``dealt`` a caption that says so may be about."""
    first, second = said
    return [
        number
        for number, (one, other) in enumerate(dealt)
        if (fits(first, one) and fits(second, other)) or (fits(first, other) and fits(second, one))
    ]


@pytest.fixture(scope="module")
def found():
    return scenes.load()


@pytest.fixture(scope="module")
def dealt():
    return deal(np.random.default_rng(scenes.SEED), **scenes.COUNTS)


def pair(scene):
    return frozenset((thing.colour, thing.shape) for thing in scene)


def test_size(found):
    assert found.name == "scenes" and found.size == 64
    assert found.images.shape == (3800, 64, 64, 3) and found.images.dtype == np.uint8
    assert [len(getattr(found, part)) for part in PARTS] == [3000, 300, 500]


def test_dev_and_test_show_pairs_of_kinds_that_no_other_part_shows(dealt):
    pairs = {part: [pair(scene) for scene in dealt[part]] for part in PARTS}
    assert all(len(both) == 2 for part in PARTS for both in pairs[part])
    for part in ("dev", "test"):
        assert len(set(pairs[part])) == len(pairs[part])
    assert not set(pairs["train"]) & set(pairs["dev"] + pairs["test"]) and not set(pairs["dev"]) & set(pairs["test"])


def test_every_kind_is_trained_on_in_every_place_size_and_count(dealt):
    things = [thing for scene in dealt["train"] for thing in scene]
    kinds = {(colour, shape): 0 for colour in COLOURS for shape in SHAPES}
    for thing in things:
        kinds[thing.colour, thing.shape] += 1
    assert min(kinds.values()) >= 40
    assert {thing.place for thing in things} == set(OPPOSITE)
    assert {(thing.size, thing.count) for thing in things} == {(s, n) for s in ("small", "large") for n in (1, 2, 3)}


@pytest.mark.parametrize("part", ["dev", "test"])
def test_captions_are_true_and_nearly_all_fit_one_scene_alone(found, dealt, part):
    rows = getattr(found, part)
    counts = []
    for position in found.captions_of(rows[::2]):
        said = mentions(found.captions[position])
        assert len(said) == 2 and all(colour for _, _, colour, _ in said), found.captions[position]
        scenes_that_fit = fitting(said, dealt[part])
        assert position // 5 - rows[0] in scenes_that_fit, found.captions[position]
        counts.append(len(scenes_that_fit))
    assert np.mean(np.array(counts) == 1) >= 0.95


def test_no_single_kind_of_word_tells_scenes_apart(found, dealt):
    """Neither colours nor shapes alone identify even one scene in three."""
    for field in ("colour", "shape"):
        bags = [tuple(sorted(getattr(thing, field) for thing in scene)) for scene in dealt["test"]]
        assert np.mean([bags.count(bag) == 1 for bag in bags]) < 0.05
        assert np.mean([1 / bags.count(bag) for bag in bags]) < 0.3


WHERE = {"above": "top", "over": "top", "higher than": "top", "below": "bottom", "under": "bottom", "beneath": "bottom"}


def test_what_stands_first_is_where_the_caption_says(found, dealt):
    """Of "A left of B", with "is" or without, the things at two sides: A is at the left and B at the other side."""
    checked = 0
    for position in found.captions_of(found.test):
        scene = dealt["test"][position // 5 - len(found) + len(found.test)]
        caption = found.captions[position].lower().replace("up above", "").replace("down below", "")
        match = re.search(r"(left|right) (?:side )?of|above|over|below|under|beneath|higher than", caption)
        if match and " " not in scene[0].place and not caption.startswith("there"):
            there, away = sorted(scene, key=lambda thing: thing.place != WHERE.get(match.group(), match.group(1)))
            assert there.place == WHERE.get(match.group(), match.group(1)), caption
            first, second = mentions(caption)
            assert fits(first, there) and fits(second, away), caption
            checked += 1
    assert checked > 300


def test_captions_vary(found):
    assert len(set(found.captions)) > 0.98 * len(found.captions)
    words = {word for caption in found.captions for word in caption.lower().split()}
    assert 80 < len(words) < 150
    assert len({len(caption.split()) for caption in found.captions}) > 10


def test_another_call_makes_the_same(found):
    fingerprint = found.fingerprint()
    scenes._generated.cache_clear()
    again = scenes.load("anywhere")
    assert again.images is not found.images and again.fingerprint() == fingerprint


def test_images_cannot_be_spoilt_for_others(found):
    with pytest.raises(ValueError, match="read-only"):
        found.images[0] = 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("place", "count"), [("left", 3), ("bottom", 3), ("top right", 1)])
def test_shapes_lie_where_they_should_and_in_the_picture(shape, place, count):
    for seed in range(5):
        covered = pictures._covered(Thing("red", shape, "large", count, place), np.random.default_rng(seed))
        assert covered.shape == (64, 64) and covered.max() == 1.0
        rows, columns = np.indices(covered.shape)
        x, y = (float((at * covered).sum() / covered.sum()) - 31.5 for at in (columns, rows))
        for axis, before, after in ((x, "left", "right"), (y, "top", "bottom")):
            if before in place or after in place:
                assert (axis < -10) if before in place else (axis > 10)
            else:
                assert abs(axis) < 9
        assert covered[[0, -1]].sum() + covered[:, [0, -1]].sum() < 8  # hardly anything is cut off


def test_shapes_of_a_size_differ_and_sizes_differ():
    drawn = {
        (shape, size): pictures._covered(Thing("red", shape, size, 1, "left"), np.random.default_rng(0))
        for shape in SHAPES
        for size in ("small", "large")
    }
    for shape in SHAPES:
        assert drawn[shape, "large"].sum() > 1.6 * drawn[shape, "small"].sum()
        for other in SHAPES:
            if other != shape:
                both = np.minimum(drawn[shape, "large"], drawn[other, "large"]).sum()
                either = np.maximum(drawn[shape, "large"], drawn[other, "large"]).sum()
                assert both < 0.85 * either, (shape, other)


def test_two_things_never_overlap(dealt):
    for scene in dealt["test"][::5]:
        rng = np.random.default_rng(0)
        one, other = (pictures._covered(thing, rng) for thing in scene)
        assert np.minimum(one, other).sum() < 3


def test_every_picture_has_the_colours_of_its_things(found, dealt):
    """Of the pixels that stand out of the paper most are near to colours of the scene, and some to each of them."""
    names = list(pictures.RGB)
    table = np.array([pictures.RGB[name] for name in names], dtype=float)
    right = 0
    for row, scene in zip(found.test[::10], dealt["test"][::10], strict=True):
        pixels = found.images[row].reshape(-1, 3).astype(float)
        paper = np.median(pixels, axis=0)
        ink = pixels[np.abs(pixels - paper).max(axis=1) > 60]
        nearest = np.linalg.norm(ink[:, None] - table, axis=2).argmin(axis=1)
        share = dict(zip(names, np.bincount(nearest, minlength=len(names)) / len(ink), strict=True))
        wanted = [share[colour] for colour in {thing.colour for thing in scene}]
        right += min(wanted) > 0.05 and sum(wanted) > 0.7
    assert right >= 45
