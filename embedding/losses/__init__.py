"""Losses, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.MetricLoss``. ``Loss(classes=C, dim=D,
batch_k=K, **own)`` is told the number of training classes, the embedding size and the most images of a class that a
batch holds; whatever else it takes has a default. ``loss(embeddings, labels)``, with embeddings (B, D) and labels (B,)
in [0, C) in any order, gives one value of shape (1,), computed on the device. The embeddings have unit rows where its
``unit_rows`` says so. Parameters of its own are trained with it, as its ``learning_rate`` and ``optimizer`` say.
"""

from collections.abc import Mapping
from typing import Any

from datasets import plugins
from embedding.losses import base

_FOLDER = plugins.Folder(__name__, kind="loss")
names, get = _FOLDER.names, _FOLDER.get


def settings(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """``base.settings`` of the loss ``name``."""
    return base.settings(get(name).Loss, name, given)
