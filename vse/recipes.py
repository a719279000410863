"""Recipes: settings published for image-text embedding, as values for flags that were not given."""

from embedding import recipes
from vse.options import VseOptions

# VSE++ with ResNet-152 (Faghri et al., BMVC 2018, and its authors' code): 30 epochs of Adam,
# a tenth of the rate after 15.
_VSEPP = {
    **{"model": "resnet152_v1b", "image_size": "224", "min_crop": 0.08, "embed_dim": 1024, "word_dim": 300},
    **{"epochs": 30, "lr": 2e-4, "lr_update": 15, "batch_size": 128, "grad_clip": 2.0, "margin": 0.2},
    **{"dropout": 0.0, "word_dropout": 0.0},
}

_PAPER: recipes.Settings = {
    ("max_hinge", recipes.ANY): {**_VSEPP, "warm_up": 0},
    ("sum_hinge", recipes.ANY): _VSEPP,
    ("order", recipes.ANY): {**_VSEPP, "lr": 1e-3, "margin": 0.05},
}


def published() -> list[tuple[str, str]]:
    """The (loss, set) for which there are published settings; the set is ``ANY`` where they are not of one set."""
    return list(_PAPER)


def with_recipe(options: VseOptions) -> VseOptions:
    """``embedding.recipes.with_recipe`` for the loss that ``options`` mean."""
    return recipes.with_recipe(options, options.with_loss, _PAPER)
