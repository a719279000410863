"""The judge of instance retrieval: a network's vectors of queries and gallery, ranked, and scored by the truth."""

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size
from datasets.images.skipped import Skipped
from datasets.images.truth import of_labels
from embedding.evaluation import revisited
from embedding.evaluation.extract import outputs, unread
from embedding.evaluation.ranking import Ranking
from embedding.evaluation.whiten import Whitening
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
        """{name: score} of ``vectors``, whitened or not."""
        query, gallery = (rows[np.isin(rows, list(vectors))] for rows in (self.images.query, self.images.gallery))
        if not len(query) or not len(gallery):
            raise InputError(f"dataset {self.images.name}: none of its queries, or of its gallery, can be read")
        images = self.images.with_split(train=self.images.train, query=query, gallery=gallery)
        truth = images.truth or of_labels(images.labels, query, gallery)
        asks, answers = (np.stack([vectors[int(row)] for row in rows]) for rows in (query, gallery))
        if whitening is not None:
            asks, answers = whitening(asks), whitening(answers)
        found = revisited.scores(Ranking.of_vectors(asks, answers), truth)
        return {_named(name, part): value for part, of_part in found.items() for name, value in of_part.items()}


def _named(name: str, part: str) -> str:
    """The name of a part's score; what counts queries begins with that word, as it is no score."""
    return f"{name} {part}".rstrip() if name.startswith("queries ") else f"{part} {name}".lstrip()
