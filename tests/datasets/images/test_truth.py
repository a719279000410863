"""Truth: it goes with the images under another split, and says what is wrong with it."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, of_labels, positions

NAN = (np.nan,) * 4


def truth(**changes) -> Truth:
    """Rows 0 and 1 ask rows 2 to 6 and 0: the first of them stands in the gallery itself, in its place 5."""
    first = Truth(
        "revisited",
        easy=positions([[0], [1]]),
        hard=positions([[2], []]),
        junk=positions([[5], [3]]),
        boxes=np.array([[1, 2, 3, 4], NAN], dtype=np.float32),
        parts=("books", "towers"),
    )
    return replace(first, **changes)


QUERY, GALLERY = np.array([0, 1]), np.array([2, 3, 4, 5, 6, 0])


def image_set(**changes) -> ImageSet:
    rows = [f"{row}.jpg" for row in range(9)]
    labels, train = np.zeros(9, dtype=np.int64), np.array([7, 8])
    return replace(ImageSet("nine", rows, labels, ("thing",), train, QUERY, GALLERY, truth=truth()), **changes)


def test_a_good_truth_has_no_fault():
    assert truth().fault(QUERY, GALLERY) == ""
    good = image_set()
    assert good.check() is good and good.title == "nine"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"easy": positions([[0], [6]])}, "query 1 names image 6 of a gallery of 6"),
        ({"junk": positions([[5], [-1]])}, "query 1 names image -1 of a gallery of 6"),
        ({"hard": positions([[0], []])}, "query 0 names an image of the gallery twice"),
        ({"junk": positions([[5, 0], [3]])}, "query 0 names an image of the gallery twice"),
        ({"junk": positions([[], [3]])}, "query 0 stands in the gallery too, and is not junk for itself"),
        ({"easy": positions([[], []]), "hard": positions([[], []])}, "none of its 2 queries has anything to find"),
        ({"boxes": np.array([NAN, [0, 0, 5, 0]])}, "the box of query 1 is empty"),
        ({"boxes": np.array([[0, 0, np.nan, 5], NAN])}, "the box of query 0 is empty"),
        ({"boxes": np.array([[0, 0, np.inf, 5], NAN])}, "the box of query 0 is empty"),
    ],
)
def test_a_set_says_what_is_wrong_with_its_truth(changes, complaint):
    with pytest.raises(InputError, match=f"dataset nine: {complaint}"):
        image_set(truth=truth(**changes)).check()


def test_a_set_says_when_others_ask_than_the_truth_is_of():
    with pytest.raises(InputError, match="dataset nine: 1 images ask, but the truth is of 2"):
        image_set(query=QUERY[:1]).check()


def test_a_query_without_anything_to_find_is_none_too_many():
    assert image_set(truth=truth(easy=positions([[0], []]))).check()


def test_the_truth_is_the_same_under_the_same_split():
    first = truth()
    assert first.under((QUERY, GALLERY), (QUERY.copy(), GALLERY.copy())) is first


def test_under_another_split_every_query_finds_the_same_images():
    query, gallery = np.array([1, 0]), np.array([6, 3, 2, 0, 8])
    found = truth().under((QUERY, GALLERY), (query, gallery))
    assert [row.tolist() for row in found.easy] == [[1], [2]]  # rows 3 and 2
    assert [row.tolist() for row in found.hard] == [[], []]  # row 4 is no longer there
    assert [row.tolist() for row in found.junk] == [[], [3]]  # nor is row 5
    assert np.array_equal(found.boxes, [NAN, [1, 2, 3, 4]], equal_nan=True)
    assert found.parts == ("towers", "books") and found.protocol == "revisited"
    assert found.fault(query, gallery) == ""


@pytest.mark.parametrize("seed", range(3))
def test_under_another_split_equals_a_slow_second_way(seed):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(30)
    query, gallery = rows[:6], rows[6:24]
    easy, hard, junk = ([rng.choice(18, 9, replace=False)[start : start + 3] for _ in query] for start in (0, 3, 6))
    first = Truth("oxford", positions(easy), positions(hard), positions(junk))
    asks, answers = rng.permutation(query)[:4], rng.permutation(30)[:20]
    found = first.under((query, gallery), (asks, answers))
    for before, after in ((first.easy, found.easy), (first.hard, found.hard), (first.junk, found.junk)):
        for place, row in enumerate(asks):
            kept = set(gallery[before[query.tolist().index(row)]]) & set(answers)
            assert set(answers[after[place]]) == kept


def test_what_did_not_ask_before_has_no_truth():
    assert truth().under((QUERY, GALLERY), (np.array([0, 7]), GALLERY)) is None
    assert truth().under((QUERY, GALLERY), (QUERY[:0], GALLERY)) is None
    assert image_set().with_split(train=QUERY[:0], query=np.array([7, 8]), gallery=np.array([7, 8])).truth is None


def test_what_is_cropped_stays_so_without_its_truth():
    rows = np.arange(9)
    found = image_set().with_split(train=rows[:0], query=rows, gallery=rows)
    assert found.truth is None and np.array_equal(found.crops, image_set().crops, equal_nan=True)
    assert found.crops[0].tolist() == [1, 2, 3, 4] and np.isnan(found.crops[1:]).all()
    plain = image_set(truth=truth(boxes=None))
    assert plain.with_split(train=rows[:0], query=rows, gallery=rows).boxes is None


def test_all_that_is_wanted_is_easy_or_hard():
    assert [row.tolist() for row in truth().wanted] == [[0, 2], [1]]


def test_the_fingerprint_sees_every_part_of_a_truth():
    changed = [
        truth(),
        None,
        truth(protocol="oxford"),
        truth(easy=positions([[0], []])),
        truth(hard=positions([[], [2]])),
        truth(junk=positions([[5], []])),
        truth(boxes=None),
        truth(boxes=np.array([[1, 2, 3, 5], NAN], dtype=np.float32)),
        truth(parts=()),
        truth(parts=("books", "books")),
    ]
    assert len({image_set(truth=one).fingerprint() for one in changed}) == len(changed)
    assert image_set().fingerprint() == image_set(truth=truth()).fingerprint()


def test_a_set_with_truth_asks_for_what_is_alone_in_its_class():
    rows = np.arange(3)
    own = Truth("holidays", positions([[1], [0], []]), positions([[], [], []]), positions([[0], [1], [2]]))
    lone = ImageSet("three", ["a", "b", "c"], np.array([0, 0, 1]), ("x", "y"), rows[:0], rows, rows, truth=own)
    assert lone.check() is lone
    assert lone.with_lone_in_gallery().query.tolist() == [0, 1, 2]
    assert replace(lone, truth=None).with_lone_in_gallery().query.tolist() == [0, 1]


def test_of_labels_is_a_truth_without_fault():
    labels = np.array([0, 1, 0, 1, 2])
    rows = np.arange(5)
    found = of_labels(labels, rows, rows)
    assert found.fault(rows, rows) == ""
    assert [row.tolist() for row in found.wanted] == [[2], [3], [0], [1], []]


def test_matches_are_pairs_of_training_images():
    assert image_set(matches=np.array([[7, 8], [8, 7]])).check()
    for wrong in (np.array([[7, 1]]), np.array([7, 8]), np.array([[7, 8, 8]]), np.array([[7, 9]])):
        with pytest.raises(InputError, match="dataset nine: its matches must be pairs"):
            image_set(matches=wrong).check()


def test_matches_stay_where_both_train_still():
    rows = np.arange(4)
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    first = ImageSet("four", list("abcd"), np.zeros(4, np.int64), ("x",), rows, rows[:0], rows[:0], matches=pairs)
    assert first.with_split(train=np.array([1, 2, 3]), query=rows[:1], gallery=rows[:1]).matches.tolist() == [
        [1, 2],
        [2, 3],
    ]
    assert replace(first, matches=pairs[:1]).fingerprint() != first.fingerprint()


def test_where_matches_tell_what_belongs_together_a_class_may_have_one_image():
    rows = np.arange(3)
    labels = np.array([0, 0, 1])
    matched = ImageSet("three", list("abc"), labels, ("x", "y"), rows, rows[:0], rows[:0], matches=np.array([[0, 1]]))
    assert matched.check() is matched
    assert matched.with_lone_in_gallery().train.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="class 'y' has one image in its train part"):
        replace(matched, matches=None).check()
