"""Labels, and which of them a training does not see."""

import numpy as np
import pytest

from datasets.errors import InputError
from web.grow.training import labels
from web.grow.training.labels import Labelled


def of(**counts) -> Labelled:
    """So many pictures of each class."""
    names = tuple(sorted(counts))
    each = np.repeat(np.arange(len(names)), [counts[name] for name in names])
    return Labelled(np.arange(10, 10 + len(each)), each, names)


def many(count, each=3, letter="c") -> dict[str, int]:
    return {f"{letter}{number:02d}": each for number in range(count)}


def test_people_come_before_folders_and_none_is_no_class(gallery):
    red = gallery.pictures.filter(category="red")
    red.filter(pk=red[0].pk).update(label="crimson")
    red.filter(pk=red[1].pk).update(label="-")
    red.filter(pk=red[2].pk).update(state="vanished")
    found = labels.labelled(gallery)
    assert found.names == ("blue", "crimson", "green", "red") and len(found.ids) == 22
    of_two = found.of(np.array([[red[0].pk, red[1].pk]]))
    assert of_two.tolist() == [[found.names.index("crimson"), -1]]


def test_of_many_classes_a_quarter_is_held_out_whole():
    found = of(**many(12))
    split = labels.split(found)
    assert split.by == "classes" and len(split.classes) == 3 and len(split.held) == 9 and len(split.trained) == 27
    assert {found.names[label] for label in found.of(split.held)} == set(split.classes)
    assert not np.intersect1d(split.held, split.trained).size


def test_the_same_classes_stay_held_out_when_others_join():
    before = labels.split(of(**many(12))).classes
    after = labels.split(of(**many(12), **many(12, letter="d")), held_before=before).classes
    assert set(before) < set(after) and len(after) == 6


def test_of_few_classes_pictures_are_held_out_and_two_of_each_are_left():
    found = of(a=8, b=4, c=3, lone=1)
    split = labels.split(found)
    assert split.by == "pictures" and split.classes == ()
    held, trained = (np.bincount(found.of(ids), minlength=4) for ids in (split.held, split.trained))
    assert held.tolist() == [2, 2, 0, 0] and trained.tolist() == [6, 2, 3, 1]


@pytest.mark.parametrize("counts", [{}, {"a": 9}, {"a": 9, "b": 1}, {"a": 3, "b": 3}])
def test_too_few_labels_are_told(counts):
    with pytest.raises(InputError, match="sort"):
        labels.split(of(**counts))
