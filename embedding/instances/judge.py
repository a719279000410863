"""The judge of instance retrieval: a network's vectors of queries and gallery, ranked, and scored by the truth."""

import numpy as np

from datasets.images.base import ImageSet, Size
from datasets.images.skipped import Skipped
from embedding.evaluation.extract import outputs, unread
from embedding.evaluation.whiten import Whitening
from embedding.instances import judged
from embedding.mx import gluon, mx

Scores = dict[str, float]


class InstanceJudge:
    """Scores networks on the queries and gallery of an image set, by its truth, or else an instance is a class.

    size, resize : how images come to their size, as in ``decode.fit``
    skipped : where images that cannot be read are noted, which then take no part; of the judge's own if not given
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        size: Size,
        resize: str = "own",
        contexts: list[mx.Context],
        workers: int = 2,
        progress: bool = False,
        skipped: Skipped | None = None,
    ) -> None:
        self.images = images
        self._how = {"size": size, "resize": resize, "contexts": contexts, "workers": workers, "progress": progress}
        self._skipped = Skipped(len(images)) if skipped is None else skipped

    @property
    def title(self) -> str:
        """What the scores are scores of."""
        return self.images.title

    def vectors(self, net: gluon.Block) -> dict[int, np.ndarray]:
        """What ``net`` makes of every image that asks or is in the gallery and can be read: {row: (D,)}."""
        rows = np.union1d(self.images.query, self.images.gallery)
        found = outputs(net, self.images, rows, skipped=self._skipped, **self._how)
        return {int(row): vector for row, vector in zip(rows[~unread(found)], found[~unread(found)], strict=True)}

    def scores(self, net: gluon.Block) -> Scores:
        """{name: score} of ``net``; where the set is judged in parts, each name begins with its part."""
        return self.scores_of(self.vectors(net))

    def scores_of(self, vectors: dict[int, np.ndarray], whitening: Whitening | None = None) -> Scores:
        """{name: score} of ``vectors``, whitened or not; errors as of ``judged.parts``."""
        readable = np.isin(np.arange(len(self.images)), list(vectors))
        found = {}
        for part in judged.parts(self.images, readable):
            of_part = part.scores(part.ranking(_OfRows(vectors), whitening=whitening))
            found |= {_named(name, part.part): value for name, value in of_part.items()}
        return found


class _OfRows(dict[int, np.ndarray]):
    """Vectors by row that are taken as those of an array, which would hold all images of a large set."""

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return np.stack([super(_OfRows, self).__getitem__(int(row)) for row in rows])


def _named(name: str, part: str) -> str:
    """The name of a part's score; what counts queries begins with that word, as it is no score."""
    return f"{name} {part}".rstrip() if name.startswith("queries ") else f"{part} {name}".lstrip()
