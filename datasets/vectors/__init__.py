"""Sets of vectors to search in, one file a set.

The contract: a file ``<name>.py`` offers ``load(root) -> VectorSet``. ``root`` is the folder for downloads and for what
is made once; whatever is not there yet is fetched or made. What cannot be had raises ``InputError`` in one line. The
set's metric is the one that its publication measures by, and ``neighbors`` are the published ones, where there are any.
Vectors in other files come by ``datasets.stored.from_file``, both kinds by ``datasets.sources``.
"""

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="dataset", besides=("base", "embeddings", "exact", "metric_names", "rows"))
names, get = _FOLDER.names, _FOLDER.get
