"""Losses of hashing, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.HashLoss``. ``Loss(bits=K, classes=C,
**own)`` is told the code length and the number of classes or concepts; whatever else it takes has a default.
``loss(activations, labels)``, with activations (B, K) and labels (B,) in [0, C) or (B, L) of ones and zeros, in any
order, gives one value of shape (1,), computed on the device. The activations lie between -1 and 1 where its ``tanh``
says so, and are what the head gives otherwise; a bit of a code is 1 where its activation is above 0.
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
    return plugins.get(_HERE, name, kind="method", besides=_NOT_A_LOSS)
