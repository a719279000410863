"""Options and recipes of instance retrieval."""

from pathlib import Path

import numpy as np
import pytest

from datasets import images
from datasets.command import spell_out
from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.instances import recipes, whitened
from embedding.instances.options import InstanceOptions

NONE = np.zeros(0, np.int64)
PHOTOGRAPHS = ImageSet("photographs", ("a.jpg",), np.zeros(1, np.int64), ("a",), NONE, NONE, NONE)


def test_photographs_and_drawn_images_have_usual_values_of_their_own():
    of_photographs = InstanceOptions(use_pretrained="resnet101.pth").resolve(PHOTOGRAPHS)
    assert (of_photographs.model, of_photographs.image_size, of_photographs.lr) == ("resnet101_v1b", "362", 1e-6)
    assert of_photographs.freeze_bn
    assert of_photographs.lr_mult == 1
    assert (of_photographs.wd, of_photographs.test_size) == (1e-6, "362")
    other_sets = InstanceOptions(use_pretrained="resnet101.pth", test_datasets="roxford5k").resolve(PHOTOGRAPHS)
    assert (other_sets.image_size, other_sets.test_size) == ("362", "1024")
    drawn = InstanceOptions().resolve(images.get("glyphs").load())
    assert (drawn.model, drawn.image_size, drawn.test_size, drawn.freeze_bn) == ("convnet", "32", "32", False)
    assert drawn.lr > of_photographs.lr
    assert drawn.cosine and not of_photographs.cosine
    assert not InstanceOptions(steps="2").resolve(images.get("glyphs").load()).cosine


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("covers-shelf", "covers-shelf"),
        ("gldv2-all", "gldv2-all"),
        ("sfm120k-whiten", "sfm120k-whiten"),
        ("retrieval-SfM-120k", "sfm120k"),
        ("", "glyphs"),
    ],
)
def test_a_split_of_a_set_stays_asked_for(given, kept):
    assert InstanceOptions(data=given).with_data().data == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sfm120k", "sfm120k"),
        ("sfm120k-whiten", "sfm120k"),  # the pairs that are published for whitenings are what sfm120k means too
        ("retrieval-SfM-120k", "sfm120k"),
        ("covers-shelf", "covers-shelf"),
        ("covers", "covers"),
        ("train", "covers"),
    ],
)
def test_a_whitening_is_kept_by_the_pictures_that_it_is_learned_on(given, kept):
    options = InstanceOptions(data="covers", test_whiten=given)
    assert whitened.file_of(Path("run"), options) == Path(f"run/whitening/{kept}-ss.npz")


def test_what_is_given_stands():
    options = InstanceOptions(lr=3e-5, epochs=2, lr_mult=0.1, freeze_bn=False, use_pretrained="a.pth", image_size="240")
    found = options.resolve(PHOTOGRAPHS)
    assert (found.lr, found.epochs, found.lr_mult, found.freeze_bn, found.image_size) == (3e-5, 2, 0.1, False, "240")


def test_the_rate_falls_after_every_epoch_unless_something_else_is_said():
    assert InstanceOptions(epochs=4).drops == (1, 2, 3)
    assert InstanceOptions(epochs=4, steps="2").drops == (2,)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"loss": "hinge"}, "--loss=hinge: must be one of contrastive, triplet"),
        ({"neg_num": 0}, "--neg-num=0: must be above 0"),
        ({"query_size": -1}, "--query-size=-1"),
        ({"loss_margin": 0.0}, "--loss-margin=0.0"),
        ({"gpus": "0,1"}, "one device"),
        ({"kvstore": "dist_sync"}, "one process"),
        ({"embed_dim": 64}, "--embed-dim=64: features keep their size without --whitening"),
        ({"not_pretrained": True, "use_pretrained": "a.pth"}, "say one of the two"),
        ({"cache_features": True}, "--cache-features: has no place in instance retrieval"),
        ({"report": False}, "--no-report: has no place in instance retrieval"),
    ],
)
def test_mistakes_are_told(given, told):
    with pytest.raises(InputError, match=told):
        InstanceOptions(**given).check()


@pytest.mark.parametrize("name", recipes.names())
def test_recipes_are_values_of_flags_and_pass_the_check(name):
    found = recipes.with_recipe(InstanceOptions(recipe=name))
    found.check()
    assert found != InstanceOptions()


def test_the_published_settings():
    found = recipes.with_recipe(InstanceOptions(recipe="gem-r101-sfm120k"))
    assert (found.lr, found.wd, found.loss_margin, found.neg_num, found.query_size) == (5e-7, 1e-6, 0.85, 5, 2000)
    assert (found.pool_size, found.image_size, found.epochs, found.p_mult) == (22_000, "362", 100, None)
    with pytest.raises(InputError, match="unknown recipe 'gem'"):
        recipes.with_recipe(InstanceOptions(recipe="gem"))


def test_the_reference_s_flags_are_ours():
    given = [
        "--training-dataset=a",
        "--arch=b",
        "--weight-decay=1",
        "--print-freq=9",
        "--gpu-id=0",
        "--learning_rate=1",
    ]
    ours = ["--data=a", "--model=b", "--wd=1", "--log-interval=9", "--gpus=0", "--lr=1"]
    assert spell_out(given, InstanceOptions) == ours
