"""Recipes of instance retrieval: published settings, as values for flags that were not given."""

import dataclasses
import math
from typing import Any

from datasets.errors import unknown
from embedding.instances.options import InstanceOptions

# Radenovic, Tolias & Chum, TPAMI 2018, as their program cirtorch trains ResNet101; judged at 1024 pixels.
_GEM = {
    **{"data": "sfm120k", "model": "resnet101_v1b", "pool": "gem", "loss": "contrastive", "loss_margin": 0.85},
    **{"neg_num": 5, "query_size": 2000, "pool_size": 22_000, "batch_size": 5, "image_size": "362", "epochs": 100},
    **{"optimizer": "adam", "lr": 5e-7, "wd": 1e-6, "steps": "", "factor": math.exp(-0.01)},
    **{"freeze_bn": True, "test_size": "1024"},
}

# Arandjelovic et al., CVPR 2016. Theirs mines anew after every 1,000 queries, which is an epoch here, and draws 1,000
# negatives for each query where these share them; its rate halves every five passes over all queries.
_NETVLAD = {
    **{"model": "vgg16", "pool": "netvlad", "loss": "triplet", "loss_margin": 0.1, "neg_num": 10, "batch_size": 4},
    **{"query_size": 1000, "pool_size": 1000, "image_size": "640", "epochs": 30, "optimizer": "sgd", "momentum": 0.9},
    **{"lr": 1e-4, "wd": 1e-3, "steps": "5,10,15,20,25", "factor": 0.5},
}

_KNOWN: dict[str, dict[str, Any]] = {"gem-r101-sfm120k": _GEM, "netvlad": _NETVLAD}


def names() -> list[str]:
    """The names of all recipes."""
    return list(_KNOWN)


def with_recipe(options: InstanceOptions) -> InstanceOptions:
    """The defaults of ``options``' class, changed by the recipe that ``options`` names.

    What stands on the command line is then read over them. Raises InputError where there is no such recipe.
    """
    plain = type(options)()
    if not options.recipe:
        return plain
    if options.recipe not in _KNOWN:
        raise unknown("recipe", options.recipe, names())
    return dataclasses.replace(plain, **_KNOWN[options.recipe])
