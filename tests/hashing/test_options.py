"""Options of the hashing commands: the method that they mean, what is filled in, and what is refused."""

import dataclasses

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import digits
from datasets.images.base import ImageSet
from embedding.options import TrainOptions
from hashing.options import HashOptions


def set_of(classes: int, *, several: bool = False) -> ImageSet:
    images = np.zeros((classes * 4, 8, 8, 3), np.uint8)
    labels = np.repeat(np.arange(classes), 4)
    rows = np.arange(len(images))
    if several:
        labels = np.eye(classes, dtype=bool)[labels]
    return ImageSet("made up", images, labels, tuple(map(str, range(classes))), rows, rows, rows, size=8)


@pytest.mark.parametrize(
    ("given", "method"), [({}, "hashnet"), ({"margin": 8.0}, "triplet"), ({"margin": 8.0, "method": "dsh"}, "dsh")]
)
def test_a_margin_alone_means_triplets(given, method):
    assert HashOptions(**given).with_data().method == method


def test_the_sets_that_other_repositories_name():
    assert HashOptions(data="CUB_200_2011").with_data().data == "cub200"
    assert HashOptions().with_data().data == "glyphs"
    cifar = HashOptions(data="cifar10-2").with_data()
    assert (cifar.data, cifar.split) == ("cifar10", "2")
    assert TrainOptions(data="cifar10-2").with_data().data == "cifar10-2"  # without a flag that could say it
    cifar = HashOptions(name="cifar10-0").with_data()
    assert (cifar.data, cifar.split, cifar.name) == ("cifar10", "0", "cifar10-0")


@pytest.mark.parametrize(
    ("images", "size", "k"),
    [(set_of(10), 128, 1), (set_of(40), 128, 4), (set_of(40), 160, 1), (set_of(40, several=True), 128, 1)],
)
def test_batches_are_at_random_where_they_then_hold_pairs(images, size, k):
    assert HashOptions(batch_size=size).resolve(images).batch_k == k


def test_what_was_given_stands():
    assert HashOptions(batch_k=5).resolve(set_of(10)).batch_k == 5
    assert HashOptions().resolve(digits.load(None)).model == "convnet"
    photographs = dataclasses.replace(set_of(10), images=["a.jpg"] * 40)
    assert HashOptions().resolve(photographs).model == "resnet18_v1b"
    assert HashOptions(model="alexnet").resolve(photographs).model == "alexnet"


@pytest.mark.parametrize(
    ("top", "tops"), [("all", (None,)), ("all,1000", (None, 1000)), ("5000, all,all", (5000, None)), ("7", (7,))]
)
def test_the_r_of_map(top, tops):
    assert HashOptions(top=top).tops == tops


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bits": 20}, "--bits=20: must be a multiple of 8"),
        ({"bits": 0}, "--bits=0"),
        ({"embed_dim": 64}, "--embed-dim=64: give the length of codes as --bits"),
        ({"method": "hashnett"}, "unknown method 'hashnett': did you mean hashnet?"),
        ({"kvstore": "dist_sync"}, "--kvstore=dist_sync: hashing trains in one process"),
        ({"top": "some"}, "--top=some: give all, or whole numbers above 0"),
        ({"top": "all,0"}, "--top=all,0: give all, or whole numbers above 0"),
        ({"top": ","}, "--top="),
        ({"radius": 49}, "--radius=49: must lie between 0 and --bits=48"),
        ({"hidden": -1}, "--hidden=-1: must be 0 or above"),
        ({"head_mult": 0.0}, "--head-mult=0.0: must be above 0"),
        ({"margin": -8.0}, "--margin=-8.0: must be above 0"),
        ({"similar_weight": float("nan")}, "--similar-weight=nan"),
        ({"quantization": float("inf")}, "--quantization=inf"),
    ],
)
def test_mistakes_are_told_by_their_flag(given, words):
    with pytest.raises(InputError) as error:
        HashOptions(**given).check()
    assert words in str(error.value)
