"""Recipes: every value is one that some training command takes, and what the user says stands."""

import dataclasses
from dataclasses import dataclass

import pytest

from datasets import images as image_sets
from datasets.errors import InputError
from embedding import losses, recipes
from embedding.network import backbone
from embedding.options import TrainOptions


@dataclass(frozen=True, kw_only=True)
class Options(TrainOptions):
    """Options with those of all losses."""

    lr_beta: float = 0.1
    l2_reg: float = 1.0
    unit: bool = True
    soft: bool = False
    mining: str = "hard"
    warm_up: int = 3
    lr_classes: float | None = None
    scale: float | None = None
    margin: float | None = None
    pull: float | None = None
    lambda_1: float | None = None
    lambda_2: float | None = None
    lambda_m: float | None = None
    lambda_real: float | None = None
    adv_margin: float | None = None
    adv_warm_up: int | None = None
    lr_generator: float | None = None


@pytest.mark.parametrize(("loss", "data"), recipes.published())
def test_every_recipe_is_valid(loss, data):
    assert loss in losses.names()
    assert data == recipes.ANY or data in image_sets.names()
    found = recipes.with_recipe(Options(recipe="paper", data="sop" if data == recipes.ANY else data), loss)
    found.check()
    assert backbone.canonical(found.model) in backbone.names() if found.model else data == recipes.ANY
    assert found != Options()


def test_without_a_recipe_the_defaults_stand():
    assert recipes.with_recipe(Options(lr=3.0), "margin") == Options()


@pytest.mark.parametrize(
    ("options", "loss", "words"),
    [
        (Options(recipe="book"), "margin", "--recipe=book"),
        (Options(recipe="paper", data="digits"), "margin", "cars196, cub200, inshop, sop"),
        (Options(recipe="paper", data="sop"), "contrastive", "none for this loss"),
    ],
)
def test_an_unknown_recipe_is_told(options, loss, words):
    with pytest.raises(InputError, match=words):
        recipes.with_recipe(options, loss)


def test_other_names_of_a_set_will_do():
    assert recipes.with_recipe(Options(recipe="paper", name="CUB_200_2011"), "margin").batch_size == 70
    assert dataclasses.replace(Options(), name="birds").with_data().data == "glyphs"
