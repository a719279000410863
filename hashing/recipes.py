"""Recipes: settings published for a method of hashing on an image set, as values for flags that were not given."""

from embedding import recipes
from hashing.options import HashOptions

# HashNet's own training (Cao et al., ICCV 2017): AlexNet, 10,000 steps of SGD, the rate halved after each 2,000, ten
# times that rate for the hash layer. An epoch here is 500 steps; the tanh gets steeper after each.
_HASHNET = {
    **{"model": "alexnet", "optimizer": "sgd", "lr_mult": 1.0, "head_mult": 10.0, "wd": 5e-4, "batch_size": 256},
    **{"batch_k": 1, "epochs": 20, "epoch_steps": 500, "steps": "4,8,12,16", "factor": 0.5, "sharpen": 0.005},
    **{"image_size": "224", "min_crop": 0.77},
}

# Deep Cauchy hashing (Cao et al., CVPR 2018) with what its authors' code and its maintainer say: 2,000 steps.
_DCH = {
    **{"model": "alexnet", "optimizer": "sgd", "lr": 5e-3, "lr_mult": 1.0, "batch_size": 128, "batch_k": 1},
    **{"epochs": 4, "epoch_steps": 500, "steps": "", "gamma": 30.0, "image_size": "224", "min_crop": 0.77},
}

# Triplet hashing of fine-grained sets as it is reproduced; its margin, 8 at 32 bits, is the loss's own default.
_TRIPLET = {"model": "resnet18_v1b", "epochs": 2000, "steps": ""}

_PAPER: recipes.Settings = {
    ("hashnet", "imagenet100"): {**_HASHNET, "lr": 2e-4, "similar_weight": 100.0, "top": "1000"},
    ("hashnet", "nuswide21"): {**_HASHNET, "lr": 5e-5, "similar_weight": 5.0, "top": "5000"},
    ("hashnet", "nuswide81"): {**_HASHNET, "lr": 5e-5, "similar_weight": 5.0, "top": "5000"},
    ("hashnet", "coco"): {**_HASHNET, "lr": 5e-5, "similar_weight": 1.0, "top": "5000"},
    ("dch", recipes.ANY): _DCH,
    ("triplet", "cub200"): _TRIPLET,
    ("triplet", "stanford_dogs"): _TRIPLET,
}


def published() -> list[tuple[str, str]]:
    """The (method, set) for which there are published settings; the set is ``ANY`` where they are not of one set."""
    return list(_PAPER)


def with_recipe(options: HashOptions) -> HashOptions:
    """``embedding.recipes.with_recipe`` for the method that ``options`` mean."""
    return recipes.with_recipe(options, options.with_data().method, _PAPER)
