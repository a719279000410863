"""Losses of image-text embedding, one file a loss.

The contract: a file ``<name>.py`` ends with ``Loss = <its class>``, a ``base.PairingLoss``. ``Loss(images=N, dim=D,
**own)`` is told the number of training images and the size of the embeddings; whatever else it takes has a default.
``loss(images, captions, numbers)``, with the embeddings (B, D) of images and of captions, row i of either belonging
together, and the number (B,) of each row's image in [0, N), gives one value of shape (1,), computed on the device, for
any order of the batch. Rows of the same image are no negatives of each other.
"""

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="loss")
names, get = _FOLDER.names, _FOLDER.get
