"""Recipes: settings published for a loss on an image set, as values for flags that were not given."""

import dataclasses
from typing import Any, TypeVar

from datasets import images as image_sets
from datasets.errors import InputError
from embedding.options import TrainOptions

Options = TypeVar("Options", bound=TrainOptions)

ANY = "any set"

# Values of flags by loss and set.
Settings = dict[tuple[str, str], dict[str, Any]]

# Confusezius' baselines (ResNet50, 128-d), whose table compares losses under one protocol.
_BASELINES = {
    **{"model": "resnet50_v1b", "embed_dim": 128, "optimizer": "adam", "lr": 1e-5, "lr_mult": 1.0, "factor": 0.3},
    **{"wd": 4e-4, "batch_size": 112, "batch_k": 2},
}

# Roth et al., "Revisiting training strategies ...", ICML 2020: 150 epochs with frozen batch norm.
_ROTH = {
    **{"model": "resnet50_v1b", "embed_dim": 128, "optimizer": "adam", "lr": 1e-5, "lr_mult": 1.0, "wd": 4e-4},
    **{"batch_size": 112, "batch_k": 2, "epochs": 150, "steps": "", "freeze_bn": True},
}

# MXNet's example of margin loss; its score of about 64 recall@1 is of birds cropped to their boxes.
_MXNET_EXAMPLE = {
    **{"model": "resnet50_v1b", "embed_dim": 128, "optimizer": "adam", "lr": 1e-4, "lr_mult": 0.01, "wd": 1e-4},
    **{"batch_size": 70, "batch_k": 5, "epochs": 20, "epoch_steps": 200, "steps": "12,14,16,18", "factor": 0.5},
    **{"lr_beta": 0.1, "boxes": True},
}

# Sohn 2016 as it is reproduced: GoogLeNet, 512-d, SGD; epochs, drops and batch as in the baselines above.
_NPAIR = {
    **{"model": "googlenet", "embed_dim": 512, "optimizer": "sgd", "lr": 1e-3, "l2_reg": 3e-3, "batch_k": 2},
    **{"batch_size": 112, "lr_mult": 1.0, "factor": 0.3},
}

# Hermans et al. 2017 on pedestrians. The rate falls to a thousandth between steps 15,000 and 25,000: here after each
# epoch of 500 steps. Without a warm-up.
_TRINET = {
    **{"model": "resnet50_v1b", "embed_dim": 128, "optimizer": "adam", "lr": 3e-4, "lr_mult": 1.0},
    **{"batch_size": 72, "batch_k": 4, "epochs": 50, "epoch_steps": 500, "image_size": "256x128"},
    **{"steps": ",".join(map(str, range(30, 50))), "factor": round(0.001 ** (1 / 20), 4), "unit": False, "soft": True},
    **{"warm_up": 0, "min_crop": 0.79, "resize": "stretch", "test_k": "1,5,10"},
}

# Batch-hard on vehicles, as Kumar et al. 2019 ("Vehicle re-identification: an efficient baseline using triplet
# embedding") have it: Hermans' settings, of square pictures in place of upright ones.
_VEHICLES = {**_TRINET, "image_size": "224"}

# SphereFace, Liu et al. 2017: 28,000 steps, the rate a tenth after 16,000 and 24,000.
_SPHEREFACE = {
    **{"embed_dim": 512, "optimizer": "sgd", "lr": 0.1, "lr_mult": 1.0, "lr_classes": 0.1, "wd": 5e-4},
    **{"epochs": 28, "epoch_steps": 1000, "steps": "16,24", "factor": 0.1},
}

# Duan et al. 2018, as their published code trains it on Cars196; lambda_2 is the paper's. Their learning rate is drawn
# between 1e-5 and 1e-4: here its middle. Their generator has a tenth of it. A fifth of the epochs is without synthetic
# negatives. Their trunk all but rests afterwards, here it does not.
_DAML = {
    **{"model": "googlenet", "embed_dim": 512, "optimizer": "adam", "lr": 3e-5, "lr_mult": 1.0, "wd": 1.1e-3},
    **{"batch_size": 120, "batch_k": 2, "epochs": 100, "epoch_steps": 60, "steps": ""},
    **{"lambda_1": 1.0, "lambda_2": 50.0, "lambda_m": 1.0, "lambda_real": 0.0, "adv_margin": 1.0},
    **{"adv_warm_up": 20, "lr_generator": 3e-6},
}
_OF_DAML = ("triplet", "npair", "lifted", "contrastive")

_PAPER: Settings = {
    ("margin", "cub200"): _MXNET_EXAMPLE,
    ("margin", "cars196"): {**_BASELINES, "epochs": 70, "steps": "45"},
    ("margin", "sop"): {**_BASELINES, "epochs": 40, "steps": "30", "test_k": "1,10,100,1000"},
    ("margin", "inshop"): {**_BASELINES, "epochs": 40, "steps": "30", "test_k": "1,10,20,30,40,50"},
    ("npair", "cub200"): {**_NPAIR, "epochs": 55, "steps": "35"},
    ("npair", "cars196"): {**_NPAIR, "epochs": 55, "steps": "35"},
    ("npair", "sop"): {**_NPAIR, "epochs": 25, "steps": "15,20", "test_k": "1,10,100,1000"},
    ("triplet", "market1501"): _TRINET,
    ("triplet", "veri776"): _VEHICLES,
    ("triplet", "vehicleid"): _VEHICLES,
    ("triplet", "cub200"): {**_ROTH, "mining": "semi-hard", "margin": 0.2},
    ("triplet", "cars196"): {**_ROTH, "mining": "semi-hard", "margin": 0.2},
    ("softmax", "cub200"): {**_ROTH},
    ("arcface", "cub200"): {**_ROTH, "scale": 16.0, "margin": 0.5},
    ("softmax", "cars196"): {**_ROTH},
    ("arcface", "cars196"): {**_ROTH, "scale": 16.0, "margin": 0.5},
    **{(f"adversarial_{loss}", data): _DAML for loss in _OF_DAML for data in ("cub200", "cars196", "sop")},
    **{("adversarial_triplet", data): {**_DAML, "mining": "semi-hard"} for data in ("cub200", "cars196", "sop")},
    ("asoftmax", ANY): _SPHEREFACE,
    ("center", ANY): {**_SPHEREFACE, "pull": 0.008},
}


def published() -> list[tuple[str, str]]:
    """The (loss, set) for which there are published settings; the set is ``ANY`` where they are not of one set."""
    return list(_PAPER)


def with_recipe(options: Options, loss: str, settings: Settings | None = None) -> Options:
    """The defaults of ``options``' class, changed by the recipe that ``options`` names for ``loss`` and its set.

    What stands on the command line is then read over them. Without a recipe, the defaults as they are. The ``settings``
    are those of metric learning if not given.
    Raises InputError where no such recipe is known.
    """
    plain = type(options)()
    if not options.recipe:
        return plain
    if options.recipe != "paper":
        raise InputError(f"--recipe={options.recipe}: must be paper, or not be given")
    data = image_sets.canonical(options.with_data().data)  # of a set with several splits, one for all
    settings = _PAPER if settings is None else settings
    found = settings.get((loss, data)) or settings.get((loss, ANY))
    if found is None:
        sets = sorted({known for name, known in settings if name == loss})
        known = f"there are settings for {', '.join(sets)}" if sets else "there are none for this loss"
        raise InputError(f"--recipe=paper --data={data}: no published settings for {loss} on it; {known}")
    return dataclasses.replace(plain, **found)
