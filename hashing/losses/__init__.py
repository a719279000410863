"""Losses of hashing, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.HashLoss``. ``Loss(bits=K, classes=C,
**own)`` is told the code length and the number of classes or concepts; whatever else it takes has a default.
``loss(activations, labels)``, with activations (B, K) and labels (B,) in [0, C) or (B, L) of ones and zeros, in any
order, gives one value of shape (1,), computed on the device. The activations lie between -1 and 1 where its ``tanh``
says so, and are what the head gives otherwise; a bit of a code is 1 where its activation is above 0.

Two things a loss may ask for besides. ``head`` names the head that makes its activations, one of ``hashing.net.HEADS``.
``prepare(labels, rng)`` is called once, before training, with the labels of all training images; what it returns, a row
an image, is what the loss is then given as their ``labels``.
"""

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="method")
names, get = _FOLDER.names, _FOLDER.get
