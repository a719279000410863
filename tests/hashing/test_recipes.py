"""Recipes of hashing: every value is one that the command takes, and what the user says stands."""

import pytest

from datasets import images as image_sets
from datasets.errors import InputError
from embedding.network import backbone
from embedding.recipes import ANY
from hashing import losses, recipes
from hashing.options import HashOptions


@pytest.mark.parametrize(("method", "data"), recipes.published())
def test_every_recipe_is_valid(method, data):
    assert method in losses.names()
    assert data == ANY or data in image_sets.names()
    found = recipes.with_recipe(HashOptions(recipe="paper", method=method, data="coco" if data == ANY else data))
    found.check()
    assert backbone.canonical(found.model) in backbone.names()


def test_without_a_recipe_the_defaults_stand():
    assert recipes.with_recipe(HashOptions(lr=3.0)) == HashOptions()


def test_a_set_without_published_settings_is_told():
    with pytest.raises(InputError, match="no published settings for hashnet on it; there are settings for coco, image"):
        recipes.with_recipe(HashOptions(recipe="paper", data="digits"))
