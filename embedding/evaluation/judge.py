"""The judge of networks: their embeddings of an image set's queries and gallery, or pairs, and the scores of these."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from datasets.images.base import ImageSet, Pairs, Size
from datasets.images.skipped import Skipped
from datasets.vectors import exact
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.extract import extract
from embedding.evaluation.scores import KS, evaluate, evaluate_drawn, evaluate_pairs, evaluate_set
from embedding.evaluation.table import aligned
from embedding.mx import gluon, mx
from embedding.training.journal import Line

log = logging.getLogger(__name__)

Scores = dict[str, float]


class Judge:
    """Scores networks on the queries and gallery of an image set, or on its pairs where it has pairs.

    size, resize : how images come to one size, as in ``decode.fit``
    ks : the k of recall@k; nmi : whether to cluster as well
    skipped : where images that cannot be read are noted, which then take no part; None: they are an error
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        size: Size,
        resize: str = "crop",
        ks: Sequence[int] = KS,
        nmi: bool = True,
        contexts: list[mx.Context],
        workers: int = 2,
        progress: bool = False,
        skipped: Skipped | None = None,
    ) -> None:
        self._images, self._size, self._ks, self._nmi = images, size, ks, nmi
        self._how = {"resize": resize, "contexts": contexts, "workers": workers, "progress": progress}
        self._skipped, self._told = skipped, ""

    @property
    def title(self) -> str:
        """What the scores are scores of."""
        return self._images.title

    def scores(self, net: gluon.Block, *, size: Size | None = None) -> Scores:
        """{name: score} of ``net``; ``size`` in place of the judge's own."""
        queries, gallery = self.embeddings(net, size)
        if self._images.pairs is not None:
            return evaluate_pairs(queries, self._pairs(self._images.pairs, queries))
        if self._images.draws:
            return evaluate_drawn(queries, self._images.draws, ks=self._ks, nmi=self._nmi)
        return evaluate(queries, gallery, ks=self._ks, nmi=self._nmi)

    def scores_of(self, vectors: VectorSet) -> Scores:
        """{name: score} of what ``vectors`` gave."""
        return evaluate_set(vectors, ks=self._ks, nmi=self._nmi)

    def vectors(self, net: gluon.Block) -> VectorSet:
        """The embeddings with their true neighbors, ready to be saved."""
        queries, gallery = self.embeddings(net)
        found = from_embeddings(
            queries,
            gallery,
            name=self._images.title,
            class_names=self._images.class_names,
            attrs={"ks": list(self._ks)} | ({"draws": self._images.draws} if self._images.draws else {}),
        )
        if self._images.pairs is not None:
            found = replace(found, pairs=self._pairs(self._images.pairs, queries))
        return with_neighbors(found)

    def embeddings(self, net: gluon.Block, size: Size | None = None) -> tuple[Embeddings, Embeddings | None]:
        """Those of the queries and of the gallery, None in leave-one-out; ``size`` in place of the judge's own."""
        images, queries, gallery = self._images, None, None
        if not images.leave_one_out:
            gallery = self.extract(net, images.gallery, size)
            queries = self._found_in(gallery) if self._asked_by_gallery() else None
        queries = self.extract(net, images.query, size) if queries is None else queries
        self._tell({"queries": (queries, images.query), "gallery images": (gallery, images.gallery)})
        return queries, gallery

    def _tell(self, parts: dict[str, tuple[Embeddings | None, np.ndarray]]) -> None:
        """Log of how many images the scores are, where some cannot be read; not again while it stays the same."""
        found = {name: (len(there), len(rows)) for name, (there, rows) in parts.items() if there is not None}
        if all(there == asked for there, asked in found.values()):
            return
        shown = " and ".join(f"{there:,} of {asked:,} {name}" for name, (there, asked) in found.items())
        line = f"scores are of {shown}: the others cannot be read"
        if line != self._told:
            log.warning("%s: %s", self.title, line)
        self._told = line

    def _asked_by_gallery(self) -> bool:
        """Whether every query stands in the gallery under a name of its own, so that none needs a second look."""
        names = [self._images.image_name(int(row)) for row in self._images.gallery]
        return len(set(names)) == len(names) and bool(np.isin(self._images.query, self._images.gallery).all())

    def _found_in(self, gallery: Embeddings) -> Embeddings:
        """The queries among what there is of the gallery."""
        rows = exact.own_rows([self._images.image_name(int(row)) for row in self._images.query], gallery.paths)
        return gallery.take(rows[rows >= 0])

    def extract(self, net: gluon.Block, rows: np.ndarray, size: Size | None = None) -> Embeddings:
        """The embeddings of the images ``rows``; ``size`` in place of the judge's own."""
        return extract(net, self._images, rows, size=size or self._size, skipped=self._skipped, **self._how)

    def _pairs(self, pairs: Pairs, queries: Embeddings) -> Pairs:
        """The pairs whose images both are among the ``queries``, with rows of these in place of rows of the images."""
        place = {path: row for row, path in enumerate(queries.paths)}
        position = np.array([place.get(self._images.image_name(row), -1) for row in range(len(self._images))])
        rows = position[pairs.rows]
        both = (rows >= 0).all(axis=1)
        return Pairs(rows[both], pairs.same[both], pairs.folds[both])


def table(rows: Sequence[Line]) -> str:
    """Lines of text with the scores of each row, whose name stands under "row" and whose set under "data".

    A row has "-" for a score that was not asked for when it was measured. What counts queries is no score.
    """
    found = dict.fromkeys(name for row in rows for name in row)
    names = [name for name in found if name not in ("kind", "row", "data") and not name.startswith("queries ")]
    cells = [[row["row"], *(f"{row[name]:.4f}" if name in row else "-" for name in names)] for row in rows]
    return f"test scores on {rows[0]['data']}\n" + aligned([["", *names], *cells], least=6)
