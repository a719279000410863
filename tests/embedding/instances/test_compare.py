"""Settings compared: what is learned and chosen for a part comes from other parts alone."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from embedding.instances import compare, learned
from embedding.instances.compare import NONE, Comparison, Setting
from embedding.instances.learned import Wanted

PLAIN = Setting("net", "[1]")


def three_parts(names=("a", "b", "c"), each=4):
    """A set of parts of ``each`` queries, each with one picture to find."""
    count = each * len(names)
    rows = np.arange(2 * count)
    truth = Truth(
        "instances",
        positions([[i] for i in range(count)]),
        positions([()] * count),
        positions([()] * count),
        parts=tuple(name for name in names for _ in range(each)),
    )
    paths = [f"{row}.jpg" for row in rows]
    return ImageSet("own", paths, rows * 0, ("x",), rows[:0], rows[:count], rows[count:], truth=truth)


def vectors_of(images, noise, seed=0):
    rng = np.random.default_rng(seed)
    things = rng.normal(size=(len(images) // 2, 8))
    found = np.concatenate([things, things]) + noise * rng.normal(size=(len(images), 8))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def unchanged(part, ranking, geometry):
    return ranking


def test_the_setting_of_a_part_is_that_of_the_others():
    images = three_parts("abcd")
    good, bad = vectors_of(images, 0.01), vectors_of(images, 3.0)
    swapped = good.copy()
    own = np.r_[0:4, 16:20]  # the first part is served well by the network that fails on all others
    swapped[own], bad[own] = bad[own], good[own]
    found = Comparison(images, {("x", "[1]"): swapped, ("y", "[1]"): bad}, unchanged)
    wanted = [Setting("x", "[1]"), Setting("y", "[1]")]
    assert found.score(wanted[1], "a") == 1.0 and found.score(wanted[0], "b") == 1.0
    assert [found.chosen(wanted, part).trunk for part in "abcd"] == ["x"] * 4
    text = compare.table(found, wanted)
    assert len(text.splitlines()) == 1 + 2 + 2 + 1 + 4 and "best on the others" in text


def test_a_trunk_s_file_is_shown_by_its_folder_and_name():
    images, trunk = three_parts(), "mobilenetv2_1.0:/a/long/way/to/weights/m.pth"
    found = Comparison(images, {(trunk, "[1]"): vectors_of(images, 0.0)}, unchanged)
    text = compare.table(found, [Setting(trunk, "[1]")])
    assert "mobilenetv2_1.0:weights/m.pth" in text and "long" not in text


def test_of_equal_settings_the_plainest_is_chosen():
    images = three_parts()
    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.0)}, unchanged)
    wanted = compare.settings([("net", "[1]")], ["pca=4", NONE], ["aqe=1", NONE], ["100", NONE])
    assert len(wanted) == 8 and found.chosen(wanted, "a") == PLAIN


@pytest.mark.parametrize(
    "part, without, learns", [("a", (), ("b", "c")), ("a", ("b",), ("c",)), ("b", ("a", "c"), ("b",))]
)
def test_nothing_is_learned_on_the_part_that_is_judged_or_left_out(monkeypatch, part, without, learns):
    images, seen = three_parts(), []
    before = learned.of_parts
    monkeypatch.setattr(
        learned, "of_parts", lambda images, without: seen.append(before(images, without=without)) or seen[-1]
    )
    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.5)}, unchanged)
    found.score(Setting("net", "[1]", whitening="pca=2"), part, without=without)
    (pairs,) = seen
    assert {images.truth.parts[row] for row in pairs[:, 0]} == set(learns)


def with_pictures(images, rows, of):
    """The set whose ``rows`` are the same files as the rows ``of``."""
    paths = list(images.images)
    for row, other in zip(rows, of, strict=True):
        paths[row] = paths[other]
    return replace(images, images=paths)


def test_no_pair_teaches_whose_picture_judges_another_part(monkeypatch, caplog):
    images, taught = with_pictures(three_parts("ab"), [5, 14], [0, 9]), []  # a question of b, and what another finds
    before = Wanted.learn
    monkeypatch.setattr(
        Wanted, "learn", lambda self, vectors, pairs: taught.append(pairs) or before(self, vectors, pairs)
    )
    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.5)}, unchanged)
    found.score(Setting("net", "[1]", whitening="pca=2"), "a")
    assert sorted(taught.pop()[:, 0].tolist()) == [4, 7] and "2 of 4 pairs have a picture by which a" in caplog.text
    images = with_pictures(three_parts("ab"), range(4, 8), range(4))
    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.5)}, unchanged)
    with pytest.raises(InputError, match="4 of 4 pairs have a picture by which a is judged: no whitening"):
        found.score(Setting("net", "[1]", whitening="pca=2"), "a")


@pytest.mark.parametrize(("protocol", "whole"), [("revisited", 0.625), ("landmarks", 0.75), ("oxford", 0.625)])
def test_every_protocol_gives_one_number(protocol, whole):
    """One query finds its picture first, and one second: by area a quarter, by hits a half."""
    none, rows = positions([()] * 2), np.arange(4)
    truth = Truth(protocol, positions([[0], [1]]), none, none)
    images = ImageSet("own", list("abcd"), rows * 0, ("x",), rows[:0], rows[:2], rows[2:], truth=truth)
    vectors = np.float32([[1, 0], [1, 0], [1, 0], [0, 1]])
    assert Comparison(images, {("net", "[1]"): vectors}, unchanged).score(PLAIN, "") == pytest.approx(whole)


def test_geometry_sees_the_ranking_of_its_part():
    images, asked = three_parts(), []

    def backwards(part, ranking, geometry):
        asked.append((part.part, geometry))
        neighbors, _ = ranking.first(ranking.shape[1])
        return ranking.reordered(neighbors[:, ::-1].copy())

    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.0)}, backwards)
    assert found.score(PLAIN, "b") == 1.0
    assert found.score(Setting("net", "[1]", geometry="50"), "b") < 0.2 and asked == [("b", "50")]


def test_what_cannot_be_read_is_left_out_everywhere():
    images = three_parts()
    vectors = vectors_of(images, 0.1)
    vectors[0] = np.nan
    found = Comparison(images, {("net", "[1]"): vectors}, unchanged)
    assert found.score(Setting("net", "[1]", whitening="lw=2"), "b") > 0


@pytest.mark.parametrize(("names", "told"), [("ab", True), ("abc", False)])
def test_a_choice_by_what_a_whitening_was_learned_on_is_told(names, told):
    images = three_parts(names)
    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.1)}, unchanged)
    assert ("learned on" in compare.table(found, [PLAIN, replace(PLAIN, whitening="pca=2")])) == told
    assert "learned on" not in compare.table(found, [PLAIN])


def test_one_part_alone_is_told():
    images = three_parts(("a",))
    found = Comparison(images, {("net", "[1]"): vectors_of(images, 0.0)}, unchanged)
    assert "others" not in compare.table(found, [PLAIN])
    with pytest.raises(InputError, match="one part alone: a whitening"):
        found.score(Setting("net", "[1]", whitening="lw"), "a")
    with pytest.raises(InputError, match="one part alone: nothing"):
        found.chosen([PLAIN], "a")
