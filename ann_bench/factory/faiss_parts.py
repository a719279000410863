"""The parts of a Faiss index: made from a factory string, found again inside one another, and set to search."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np

from ann_bench.factory import faiss_additive, nn_descent
from ann_bench.indexes.base import Value
from datasets.errors import InputError

_COARSE = re.compile(r"(?:^|(?<=,))(?:IVF(\d+)([kM]?)|IMI(\d+)x(\d+))(?!\d)")
SCALE = {"": 1, "k": 1024, "M": 1024 * 1024}  # of IVF64k
_SPACE = getattr(faiss, "GpuParameterSpace", faiss.ParameterSpace)
WITH_ALL_ROWS = ("index", "base_index", "refine_index", "storage")  # where Faiss keeps an index in another
_BINARISED = faiss.IndexRaBitQ | faiss.IndexRaBitQFastScan | faiss.IndexIVFRaBitQ | faiss.IndexIVFRaBitQFastScan
_MOST_QUERY_BITS = 8
_INSIDE = (*WITH_ALL_ROWS, "quantizer")


@dataclass(frozen=True)
class Coarse:
    """The cells that a factory string divides space into.

    lists : number of inverted lists; centroids : how many k-means has to find at a time, 2^b for IMI2xb
    """

    lists: int
    centroids: int


def coarse(build: str) -> Coarse | None:
    """The coarse quantizer that ``build`` names; None where it has no inverted lists."""
    found = _COARSE.search(build)
    if found is None:
        return None
    if found[3] is None:
        lists = int(found[1]) * SCALE[found[2]]
        return Coarse(lists, lists)
    return Coarse(2 ** (int(found[3]) * int(found[4])), 2 ** int(found[4]))


def twin(build: str) -> str:
    """``build`` with next to no inverted lists: the same parts, though an IMI2x14 would take gigabytes empty."""
    return _COARSE.sub(lambda found: "IVF1" if found[3] is None else f"IMI{found[3]}x1", build, count=1)


def make(factory: str, dim: int, metric: str) -> faiss.Index:
    """The empty index of a factory string; raises InputError with what Faiss has to say against it.

    Rows of metric angular are of unit length, so that inner product and L2 order them alike: L2 where Faiss has no
    other for such an index.
    """
    own = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    for measure in (own, faiss.METRIC_L2) if metric == "angular" else (own,):
        try:
            index = nn_descent.make(factory, dim, measure) or faiss.index_factory(dim, factory, measure)
        except (RuntimeError, MemoryError, TypeError) as error:
            reason = said(error)
            continue
        if all(part.metric_type == measure for part in inside(index, WITH_ALL_ROWS)):
            return index
        reason = "Faiss would search by L2 in it, without a word"  # as in HNSW over PQ
    raise InputError(reason)


def said(error: BaseException) -> str:
    """What a Faiss error says, without the C++ around it."""
    words = " ".join(str(error).split())
    words = re.sub(r"^Error in .* at \S+:\d+: ", "", words)
    words = re.sub(r"^Error: '(.*?)' failed(?:: )?", lambda found: "" if found.end() < len(words) else found[1], words)
    return words.replace("C++ exception stoi", "a number in it is out of range") or "it cannot be built"


def inside(index: faiss.Index, names: tuple[str, ...] = _INSIDE) -> Iterator[faiss.Index]:
    """``index`` and every index in it, from the outside in.

    names : the attributes to look in; WITH_ALL_ROWS passes over coarse quantizers
    """
    index = faiss.downcast_index(index)
    yield index
    for name in names:
        if isinstance(getattr(index, name, None), faiss.Index):
            yield from inside(getattr(index, name), names)


def codebook_centroids(index: faiss.Index) -> int:
    """The most centroids that any of its codebooks has, a subspace's or a whole one; 0 where it has none."""
    learned = [part.pq.ksub for part in inside(index) if learns_codebook(part)]
    learned += [faiss_additive.centroids(part) for part in inside(index)]
    return max([*learned, *(256 for _ in opqs(index))], default=0)


def learns_codebook(part: faiss.Index) -> bool:
    """Whether the part itself has a product quantizer to train."""
    return hasattr(part, "pq") and not isinstance(part, faiss.MultiIndexQuantizer)


def steps(index: faiss.Index) -> list[faiss.VectorTransform]:
    """What is done to rows before any index in it sees them."""
    chains = [part.chain for part in inside(index) if isinstance(part, faiss.IndexPreTransform)]
    return [faiss.downcast_VectorTransform(chain.at(i)) for chain in chains for i in range(chain.size())]


def opqs(index: faiss.Index) -> list[faiss.OPQMatrix]:
    """The rotations that are learned for a product quantizer."""
    return [step for step in steps(index) if isinstance(step, faiss.OPQMatrix)]


def misfit(index: faiss.Index, count: int) -> str:
    """What Faiss's factory makes but cannot train on ``count`` rows, in words; "" where there is nothing of that."""
    for step in steps(index):
        if isinstance(step, faiss.PCAMatrix | faiss.ITQTransform) and step.d_out > min(step.d_in, count):
            name = "PCA" if isinstance(step, faiss.PCAMatrix) else "ITQ"
            return f"{name} cannot make {step.d_out} dimensions of {step.d_in} from {count} rows; ask for fewer"
        if isinstance(step, faiss.OPQMatrix) and step.d_out % step.M:
            return f"OPQ{step.M} cannot cut {step.d_out} dimensions into {step.M} equal parts; OPQ{step.M}_D sets D"
    return ""


def without_missing(distances: np.ndarray) -> np.ndarray:
    """Distances (n, k) as Faiss gives them, but infinite where there is no neighbor: Faiss puts the largest float."""
    missing = np.abs(distances) >= np.finfo(np.float32).max
    return np.where(missing, np.copysign(np.float32(np.inf), distances), distances)


def prepare(index: faiss.Index, *, seed: int, ef_construction: int) -> list[faiss.ProductQuantizer]:
    """Sets what the factory string cannot say, before training. The caller must keep what is returned until then.

    No k-means then warns of few rows on stderr: how many there are is for the user to say.
    """
    quantizers = []
    for matrix in opqs(index):
        quantizers.append(faiss.ProductQuantizer(matrix.d_out, matrix.M, 8))  # as Faiss makes one itself
        matrix.pq = quantizers[-1]
    for part in inside(index):
        if isinstance(part, faiss.IndexHNSW) and ef_construction:
            part.hnsw.efConstruction = ef_construction
        for learner in (part, getattr(part, "pq", None), getattr(part, "refine_pq", None)):
            if hasattr(learner, "cp"):
                learner.cp.seed, learner.cp.min_points_per_centroid = 1234 + seed, 1  # 1234 is Faiss's own
    for quantizer in quantizers:
        quantizer.cp.min_points_per_centroid = 1
    return quantizers


def graph_links(index: faiss.Index) -> int | None:
    """The fewest links a row of a graph in it: M of HNSW, R of NSG; None where it has none."""
    parts = list(inside(index))
    hnsw = [part.hnsw for part in parts if isinstance(part, faiss.IndexHNSW)]
    links = [graph.nb_neighbors(0) // 2 if graph.cum_nneighbor_per_level.size() > 1 else 1 for graph in hnsw]
    return min([*links, *(part.nsg.R for part in parts if isinstance(part, faiss.IndexNSG))], default=None)


def is_nsg(index: faiss.Index) -> bool:
    """Whether it is, or re-ranks, an NSG."""
    return any(isinstance(part, faiss.IndexNSG) for part in inside(index))


def takes_all_at_once(index: faiss.Index) -> bool:
    """Whether it is a graph that takes its rows only all at once, of which there must be more than 100."""
    return any(isinstance(part, faiss.IndexNSG | faiss.IndexNNDescent) for part in inside(index))


def has_plain_lists(index: faiss.Index) -> bool:
    """Whether inverted lists are all that grows with the rows, and Faiss can keep them on disk."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return has_plain_lists(index.index)
    return isinstance(index, faiss.IndexIVF) and not isinstance(index, faiss.IndexIVFFastScan | faiss.IndexIVFPQR)


def exact_distances(index: faiss.Index) -> bool:
    """Whether the distances come from the rows themselves: stored whole and not transformed, or re-ranked so."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexRefine):
        return isinstance(faiss.downcast_index(index.refine_index), faiss.IndexFlat)
    if isinstance(index, faiss.IndexHNSW | faiss.IndexNSG | faiss.IndexNNDescent):
        return isinstance(faiss.downcast_index(index.storage), faiss.IndexFlat)
    whole = faiss.IndexFlat | faiss.IndexIVFFlat
    return isinstance(index, whole)


def tunes(index: faiss.Index, prefix: str = "") -> dict[str, tuple[Value, Value]]:
    """Search parameter, by the name that Faiss gives it -> (smallest value, Faiss's default)."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return tunes(index.index, prefix)
    if isinstance(index, faiss.IndexRefine):
        return {f"{prefix}k_factor_rf": (1, 1)} | tunes(index.base_index, prefix)
    own: dict[str, tuple[Value, Value]] = {}
    if isinstance(index, faiss.IndexHNSW):
        own["efSearch"] = (1, 16)
    if isinstance(index, faiss.IndexNSG | faiss.IndexNNDescent):
        own["search_L"] = (1, 16)
    if isinstance(index, _BINARISED):
        fast = isinstance(index, faiss.IndexRaBitQFastScan | faiss.IndexIVFRaBitQFastScan)
        own["qb"] = (int(fast), index.qb)
    if isinstance(index, faiss.IndexIVF):
        own["nprobe"] = (1, 1)
        if not isinstance(index, faiss.IndexIVFFastScan):  # it reads whole lists whatever max_codes says
            own["max_codes"] = (0, 0)
    if isinstance(index, faiss.IndexIVFPQR):
        own["k_factor"] = (1, 4)
    if isinstance(index, faiss.IndexPQ | faiss.IndexIVFPQ) and index.do_polysemous_training:
        own["ht"] = (1, index.pq.code_size * 8)  # as many bits as a code has: no row is left out
    found = {f"{prefix}{name}": values for name, values in own.items()}
    if isinstance(index, faiss.IndexIVF):
        found |= tunes(index.quantizer, f"{prefix}quantizer_")
    return found


def tune(index: faiss.Index, name: str, value: Value) -> None:
    """Set one of ``tunes``."""
    if not name.endswith(("search_L", "qb")):  # which Faiss has no name for
        _SPACE().set_index_parameter(index, name, value)
        return
    for part in inside(index):
        if isinstance(part, _BINARISED) and name.endswith("qb"):
            part.qb = int(value)
        if isinstance(part, faiss.IndexNSG) and name.endswith("search_L"):
            part.nsg.search_L = int(value)
        if isinstance(part, faiss.IndexNNDescent) and name.endswith("search_L"):
            part.nndescent.search_L = int(value)


def check_query_bits(bits: Value) -> None:
    """Raises InputError for a ``qb`` of RaBitQ that ends the whole process."""
    if bits > _MOST_QUERY_BITS:
        raise InputError(f"--search=qb={bits}: RaBitQ takes at most {_MOST_QUERY_BITS}")


def mapping(index: faiss.Index) -> int:
    """With which flag ``read_index`` leaves the rows of such an index in their file: inverted lists have their own."""
    return faiss.IO_FLAG_MMAP if faiss.try_extract_index_ivf(index) else faiss.IO_FLAG_MMAP_IFC
