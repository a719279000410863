"""Losses of hashing across two kinds of things, such as pictures and texts, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.CrossLoss``. ``Loss(bits=K, classes=C,
**own)`` is told the code length and the number of classes or concepts; whatever else it takes has a default.
``loss(asking, answering, labels)``, with activations (B, K) of the two kinds and labels (B,) in [0, C) or (B, C) of
ones and zeros, gives one value of shape (1,), computed on the device. Rows i of both belong together, or at least share
what labels[i] says; the order of the rows does not matter. The activations lie between -1 and 1 where its ``tanh`` says
so, and are what the heads give otherwise; a bit of a code is 1 where its activation is above 0.
"""

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="method")
names, get = _FOLDER.names, _FOLDER.get
