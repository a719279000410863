"""What a Faiss index can do besides finding the nearest of all rows: told by its parts, for Faiss often does not.

Each was held against brute force. Fast scan is asked for no ranges: it answers, with every row (RaBitQ, additive
quantizers) or with a fraction of what plain PQ finds (inner products), and without a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import faiss
import numpy as np

from ann_bench.indexes.base import Value

_SHIFTING = faiss.IndexFlatCodes | faiss.IndexFastScan  # removing rows renumbers those behind them
_SELECTING = faiss.IndexFlat | faiss.IndexScalarQuantizer | faiss.IndexRaBitQ | faiss.IndexHNSW
_SELECTING_LISTS = (
    faiss.IndexIVFFlat
    | faiss.IndexIVFScalarQuantizer
    | faiss.IndexIVFPQ
    | faiss.IndexIVFPQFastScan
    | faiss.IndexIVFRaBitQ
    | faiss.IndexIVFRaBitQFastScan
)
_INNER = {faiss.IndexPreTransform: "index", faiss.IndexRefine: "base_index"}  # where what finds the rows is


@dataclass(eq=False)
class Passing:
    """The rows that may be found.

    selector : reads ``bits``, which must stay as long as it does
    parameters, tuned : what Faiss was asked with last, and the settings that it came from
    """

    bits: np.ndarray
    selector: faiss.IDSelector = field(init=False)
    parameters: faiss.SearchParameters | None = None
    tuned: object = None

    def __post_init__(self) -> None:
        self.selector = faiss.IDSelectorBitmap(len(self.bits), faiss.swig_ptr(self.bits))

    @staticmethod
    def of(rows: np.ndarray) -> "Passing":
        """Of rows (G,) bool."""
        return Passing(np.packbits(rows, bitorder="little"))


def selects(index: faiss.Index) -> bool:
    """Whether it searches among given rows only."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return selects(index.index)
    if isinstance(index, faiss.IndexRefine):
        return selects(index.base_index)
    if isinstance(index, faiss.IndexIVF):
        return isinstance(index, _SELECTING_LISTS) and not isinstance(index, faiss.IndexIVFPQR)
    return isinstance(index, _SELECTING)


def finds_ranges(index: faiss.Index) -> bool:
    """Whether it finds the rows within a radius, as near as its codes tell."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return _keeps_distances(index) and finds_ranges(index.index)
    if isinstance(index, faiss.IndexRefine):
        return finds_ranges(index.base_index)
    if isinstance(index, faiss.IndexHNSW):
        return True
    if isinstance(index, faiss.IndexIVF):
        return not isinstance(index, faiss.IndexIVFFastScan)
    return isinstance(index, faiss.IndexFlatCodes) and not isinstance(index, faiss.IndexLSH)


def _keeps_distances(index: faiss.IndexPreTransform) -> bool:
    chain = [faiss.downcast_VectorTransform(index.chain.at(i)) for i in range(index.chain.size())]
    linear = (part for part in chain if isinstance(part, faiss.LinearTransform))
    return len(list(linear)) == len(chain)


def removes(index: faiss.Index) -> bool:
    """Whether rows can be removed from it."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return removes(index.index)
    if isinstance(index, faiss.IndexIVF):  # of RaBitQfs, rows that are added after it spoil others
        return not isinstance(index, faiss.IndexIVFPQR | faiss.IndexIVFRaBitQFastScan)
    return isinstance(index, _SHIFTING)


def ranged(index: faiss.Index) -> faiss.SearchParameters | None:
    """What to find ranges with, None for nothing in particular.

    Faiss's re-ranking first looks within ``k_factor`` times the radius: farther for squares, but nearer for products.
    """
    if isinstance(index, faiss.IndexRefine) and index.metric_type == faiss.METRIC_INNER_PRODUCT:
        return faiss.IndexRefineSearchParameters(k_factor=1.0)
    return None


def numbered(index: faiss.Index) -> faiss.Index:
    """``index``, empty, such that ``add_with_ids`` numbers its rows for good: inverted lists do, others are wrapped."""
    return index if faiss.try_extract_index_ivf(index) else faiss.IndexIDMap(index)


def parameters(index: faiss.Index, selector: faiss.IDSelector) -> faiss.SearchParameters:
    """What to search ``index`` with among the rows of ``selector``: all else as it is tuned now.

    Parameters that are given replace all of the index's own, those of a coarse quantizer excepted.
    """
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return faiss.SearchParametersPreTransform(index_params=parameters(index.index, selector))
    if isinstance(index, faiss.IndexRefine):
        base = parameters(index.base_index, selector)
        return faiss.IndexRefineSearchParameters(k_factor=index.k_factor, base_index_params=base)
    kind, names = _kind(index)
    source = index.hnsw if isinstance(index, faiss.IndexHNSW) else index
    return kind(sel=selector, **{name: getattr(source, name) for name in names})


def _kind(index: faiss.Index) -> tuple[type, tuple[str, ...]]:
    """The class of its search parameters, and which of them the index has itself."""
    lists = ("nprobe", "max_codes")
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW, ("efSearch",)
    if isinstance(index, faiss.IndexIVFPQ):
        return faiss.IVFPQSearchParameters, (*lists, "scan_table_threshold", "polysemous_ht")
    if isinstance(index, faiss.IndexIVFRaBitQ | faiss.IndexIVFRaBitQFastScan):
        return faiss.IVFRaBitQSearchParameters, (*lists, "qb")
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF, lists
    if isinstance(index, faiss.IndexRaBitQ):
        return faiss.RaBitQSearchParameters, ("qb",)
    return faiss.SearchParameters, ()


def reach(own: int, metric: str, radius: float) -> float:
    """A radius as Faiss wants it, which itself lies outside: the next number after the square, or the product.

    own : the metric of the Faiss index
    """
    if own == faiss.METRIC_INNER_PRODUCT:
        product = radius if metric == "inner_product" else 1 - radius
        return float(np.nextafter(np.float32(product), np.float32(-np.inf)))
    if radius < 0:
        return 0.0
    squared = 2 * radius if metric == "angular" else radius * radius
    return float(np.nextafter(np.float32(squared), np.float32(np.inf)))


def tuning(index: faiss.Index, search: Mapping[str, Value]) -> list[str]:
    """Lines of Python that tune an index of this kind, called ``index`` there, as ``faiss_parts.tune`` does."""
    words = ",".join(f"{name}={value}" for name, value in search.items() if not name.endswith(("search_L", "qb")))
    lines = [f'faiss.ParameterSpace().set_index_parameters(index, "{words}")'] if words else []
    for name, value in search.items():
        own = name.removeprefix("quantizer_")
        if own in ("search_L", "qb"):
            lines += [f"{part}.{own} = {value}" for part in _tuned_parts(index, "index", own)]
    return lines


def _tuned_parts(index: faiss.Index, called: str, name: str) -> list[str]:
    """What Faiss has no word for is set there, in Python: the parts of the index that have a ``name``."""
    index = faiss.downcast_index(index)
    for kind, inner in _INNER.items():
        if isinstance(index, kind):
            return _tuned_parts(getattr(index, inner), f"faiss.downcast_index({called}.{inner})", name)
    parts = {called: index, **{f"{called}.{part}": getattr(index, part, None) for part in ("nsg", "nndescent")}}
    own = [part for part, there in parts.items() if hasattr(there, name)]
    if isinstance(index, faiss.IndexIVF):
        own += _tuned_parts(index.quantizer, f"faiss.downcast_index({called}.quantizer)", name)
    return own
