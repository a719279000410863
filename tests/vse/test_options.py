"""Options of image-text embedding: what is left open is filled in by kind of image, and published settings."""

import numpy as np
import pytest

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from embedding.network import backbone
from vse import losses, recipes
from vse.options import VseOptions, set_of


def captions_with(images):
    rows = np.arange(3)
    return CaptionSet("three", images, ("a",) * 3, rows, rows[:1], rows[1:2], rows[2:])


DRAWN = captions_with(np.zeros((3, 64, 64, 3), np.uint8))
PHOTOGRAPHS = captions_with(["a.jpg", "b.jpg", "c.jpg"])
PRECOMPUTED = captions_with(np.zeros((3, 7), np.float32))


def filled(captions, **given):
    return VseOptions(**given).with_data().for_captions(captions)


@pytest.mark.parametrize(
    ("captions", "wanted"),
    [
        (
            DRAWN,
            {"model": "strided_convnet", "finetune": True, "flip": False, "min_crop": 0.6, "epochs": 8, "warm_up": 2},
        ),
        (PHOTOGRAPHS, {"finetune": False, "flip": True, "dropout": 0.3, "embed_dim": 512, "epochs": 14, "pool": "avg"}),
        (PRECOMPUTED, {"finetune": False, "flip": False, "img_dim": 7, "word_dim": 300, "lr": 1e-3, "model": ""}),
    ],
    ids=["drawn", "photographs", "precomputed"],
)
def test_what_is_left_open_is_filled_in_by_kind(captions, wanted):
    found = filled(captions)
    assert {name: getattr(found, name) for name in wanted} == wanted
    assert found.mirrored == found.flip


def test_what_was_given_stands():
    given = {"dropout": 0.0, "finetune": True, "min_crop": 0.5, "epochs": 3, "lr": 1e-4, "warm_up": 0, "pool": "max"}
    found = filled(PHOTOGRAPHS, **given)
    assert {name: getattr(found, name) for name in given} == given


@pytest.mark.parametrize("loss", losses.names())
def test_only_the_hardest_negatives_warm_up(loss):
    assert (filled(PHOTOGRAPHS, loss=loss).warm_up is not None) == (loss == "max_hinge")


def test_the_reference_s_schedule():
    found = filled(PHOTOGRAPHS, epochs=30, lr_update=10)
    assert (found.drops, found.factor, found.cosine) == ((10, 20), 0.1, False)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("f30k", ("flickr30k", "")),
        ("coco_precomp", ("precomputed", "coco_precomp")),
        ("precomputed", ("precomputed", "")),
        ("scenes", ("scenes", "")),
    ],
)
def test_names_of_the_reference_s_sets(data, wanted):
    assert set_of(VseOptions(data=data)) == wanted


@pytest.mark.parametrize(("loss", "data"), recipes.published())
def test_published_settings_can_be_trained_with(loss, data):
    found = recipes.with_recipe(VseOptions(recipe="paper", loss=loss, data="f30k")).with_data()
    found.check()
    assert backbone.canonical(found.model) in backbone.names()
    whole = found.for_captions(PHOTOGRAPHS)
    assert (whole.embed_dim, whole.word_dim, whole.drops, whole.epochs) == (1024, 300, (15,), 30)


def test_there_are_none_for_other_losses():
    with pytest.raises(InputError, match="no published settings for instance"):
        recipes.with_recipe(VseOptions(recipe="paper", loss="instance"))
