"""Parts: what trains is not judged, and who asks still finds the same."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import instances
from datasets.images.parts import names, of_parts


@pytest.fixture
def tree(write, tmp_path):
    """Books and towers, each asked for by a query, and doors that ask each other; see ``write_instances``."""
    lines = (write.instances(tmp_path) / "images.csv").read_text().splitlines()
    (tmp_path / "images.csv").write_text("\n".join(line for line in lines if ",train" not in line))
    return tmp_path


@pytest.fixture
def photographs(tree):
    return instances.load(tree)


def wanted(images):
    """(the path that asks, the paths that it is to find, those that are junk) of every query."""
    path = np.array(images.images)
    rows = zip(images.query, images.truth.wanted, images.truth.junk, strict=True)
    return {path[row]: (set(path[images.gallery[right]]), set(path[images.gallery[junk]])) for row, right, junk in rows}


def test_the_parts_of_a_set_have_names(photographs):
    assert names(photographs) == ("books", "doors", "street", "towers")
    assert names(replace(photographs, parts=())) == ()


def test_one_part_trains_and_another_is_judged(photographs):
    both = of_parts(photographs, train=("books",), judge=("doors",))
    part = np.array(photographs.parts)
    assert set(part[both.train]) == {"books"} and set(both.truth.parts) == {"doors"}
    assert not set(both.train) & {*both.query, *both.gallery}
    assert set(part[both.gallery]) == {"doors", "street", "towers"}
    before, after = wanted(photographs), wanted(both)
    assert len(after) == 3
    for path, (right, junk) in after.items():
        assert right == before[path][0] and junk == before[path][1]


def test_without_a_part_to_train_nothing_trains_and_the_gallery_is_whole(photographs):
    alone = of_parts(photographs, judge=("towers",))
    assert not len(alone.train) and alone.gallery.tolist() == photographs.gallery.tolist()
    assert wanted(alone).items() <= wanted(photographs).items()


def test_without_a_part_to_judge_all_others_are(photographs):
    rest = of_parts(photographs, train=("doors",))
    assert set(rest.truth.parts) == {"books", "towers"}


@pytest.mark.parametrize(
    ("train", "judge", "complaint"),
    [
        (("books",), ("books", "doors"), "part 'books' cannot both train and be judged"),
        (("boks",), (), "has no part 'boks'; its parts are: books, doors, street, towers"),
        ((), ("street",), "its part 'street' has no queries"),
    ],
)
def test_parts_that_do_not_go_are_named(photographs, train, judge, complaint):
    with pytest.raises(InputError, match=f"dataset .*{complaint}"):
        of_parts(photographs, train=train, judge=judge)


def test_an_instance_in_both_kinds_of_parts_is_named(tree):
    with (tree / "images.csv").open("a") as file:
        file.write("\ntower 1/q.jpg;b1;query;books\ntower 1/r.jpg;b1;reference;towers\n".replace(";", ","))
    with pytest.raises(InputError, match=r"'b1' \(1 such\) would both train and be judged"):
        of_parts(instances.load(tree), train=("towers",), judge=("books",))


def test_a_set_without_parts_has_none_to_choose(photographs):
    with pytest.raises(InputError, match="has no part 'books'; its parts are: none"):
        of_parts(replace(photographs, parts=()), train=("books",))
