"""Losses of image-text embedding, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.PairingLoss``. ``Loss(images=N, dim=D,
**own)`` is told the number of training images and the size of the embeddings; whatever else it takes has a default.
``loss(images, captions, numbers)``, with the embeddings (B, D) of images and of captions, row i of either belonging
together, and the number (B,) of each row's image in [0, N), gives one value of shape (1,), computed on the device, for
any order of the batch. Rows of the same image are no negatives of each other.
"""

import sys
from types import ModuleType

from datasets import plugins

_HERE = sys.modules[__name__]
_NOT_A_LOSS = ("base",)


def names() -> list[str]:
    """The names of all losses."""
    return plugins.names(_HERE, besides=_NOT_A_LOSS)


def get(name: str) -> ModuleType:
    """The module of the loss ``name``; raises InputError with a suggestion for an unknown one."""
    return plugins.get(_HERE, name, kind="loss", besides=_NOT_A_LOSS)
