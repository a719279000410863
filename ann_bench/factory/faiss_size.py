"""How large a Faiss index becomes and how much work it is: arithmetic over its parts, before there is one."""

import math

import faiss

from ann_bench.factory import faiss_additive, faiss_parts, nn_descent
from ann_bench.factory.faiss_parts import Coarse
from ann_bench.indexes.base import Estimate

_FLOAT, _ID = 4, 8  # bytes
_GROWTH = 1.5  # arrays double when they are full: between 1 and 2 times what is in them
_PADDING = 32  # fast scan stores the codes of a list so many rows at a time
_TABLES = 2 << 30  # an IndexIVFPQ does without precomputed tables where they would be larger
_DEGREE = 0.7  # how much of its R links an NSG keeps a row: between 0.5 and 0.9, by the data
_ITERATIONS = 10  # of k-means for inverted lists
_CODEBOOK_WORK = 5 * 25  # iterations, and how much slower they are than products of large matrices; 25 of encoding
_CODEBOOK_ROWS = 1 << 16  # no codebook is trained on more
_OPQ_ROUNDS = 50  # each with four iterations of a codebook
_POLYSEMOUS_WORK = 1e11  # of permuting one codebook by simulated annealing
_HNSW_SEARCH = 20_000  # of finding the nearest of many centroids in their graph
_HNSW_WORK, _NSG_WORK = 60, 360_000  # measured: rows that lie here and there in memory; nearest of all rows first
_RABITQ_WORK = 5000  # measured with 4 bits a dimension
_KNN_GRAPH = 700  # bytes a row while NSG is built: its graph of the 64 nearest, and the pools to find them


def estimate(twin: faiss.Index, coarse: Coarse | None, count: int, training_rows: int) -> Estimate:
    """What an index of ``count`` rows takes that has the parts of ``twin`` and the inverted lists of ``coarse``.

    Faiss trains on a copy of the sample, or on a transformed one, so that there are two. While rows are added, arrays
    are larger than what is in them.
    """
    stored = disk(twin, count, coarse)
    training = 2 * training_rows * twin.d * _FLOAT
    adding = int(_GROWTH * stored) + _besides(twin, count, coarse)
    work = _learning(twin, coarse, training_rows) + _adding(twin, coarse, count)
    return Estimate(memory=max(training, adding), disk=stored, work=work)


def disk(index: faiss.Index, count: int, coarse: Coarse | None) -> int:
    """Bytes of the index when it is written, with ``count`` rows and the lists of ``coarse``, None is its own."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return _transforms(index) + disk(index.index, count, coarse)
    if isinstance(index, faiss.IndexRefine):
        return disk(index.base_index, count, coarse) + disk(index.refine_index, count, None)
    if isinstance(index, faiss.IndexHNSW):
        lengths = count * _panorama(getattr(index, "num_panorama_levels", 0))
        return _hnsw_links(index, count) + lengths + disk(index.storage, count, None)
    if isinstance(index, faiss.IndexNSG):
        return int(count * (_DEGREE * index.nsg.R + 1) * _FLOAT) + disk(index.storage, count, None)
    if isinstance(index, faiss.IndexNNDescent):
        return count * index.nndescent.K * _FLOAT + disk(index.storage, count, None)
    if isinstance(index, faiss.IndexIVF):
        cells = coarse or _own(index)
        return _lists(index, count, cells) + _quantizer(index, cells) + _codebooks(index)
    if hasattr(index, "n_levels"):
        return _in_batches(count, index.batch_size) * (index.sa_code_size() + _panorama(index.n_levels))
    return count * index.sa_code_size() + _codebooks(index)


def _panorama(levels: int) -> int:
    """Bytes that Panorama keeps of a row besides: how long it is from each of its levels on."""
    return (levels + 1) * _FLOAT if levels else 0


def _in_batches(count: float, batch: int) -> int:
    """Rows that Panorama has room for: whole batches."""
    return math.ceil(count / batch) * batch


def _own(index: faiss.IndexIVF) -> Coarse:
    """Of a coarse quantizer that has lists itself, "IVF65536(IVF256,PQ32),PQ16": only the outer ones are counted."""
    return Coarse(index.nlist, index.nlist)


def _transforms(index: faiss.IndexPreTransform) -> int:
    chain = [faiss.downcast_VectorTransform(index.chain.at(i)) for i in range(index.chain.size())]
    matrices = sum(part.d_in * part.d_out for part in chain if isinstance(part, faiss.LinearTransform))
    eigenvectors = sum(part.d_in * part.d_in for part in chain if isinstance(part, faiss.PCAMatrix))
    return (matrices + eigenvectors) * _FLOAT


def _hnsw_links(index: faiss.IndexHNSW, count: int) -> int:
    """2 M links a row on the ground, M on every further level that it reaches: every M-th row reaches one more."""
    m = index.hnsw.nb_neighbors(1)
    return int(count * ((2 * m + m / max(1, m - 1)) * _FLOAT + 8 + 4))  # where its links begin, how many levels


def _lists(index: faiss.IndexIVF, count: int, coarse: Coarse) -> int:
    """Codes and ids, and the length of every list that has any."""
    rows = count * (index.code_size + _ID) + min(coarse.lists, count) * 8
    if isinstance(index, faiss.IndexIVFFastScan):  # the last block of a list is half full
        rows += min(coarse.lists, count) * index.code_size * _PADDING // 2
    if hasattr(index, "n_levels"):  # lists are of many lengths: half a batch more than they hold, and at least one
        lists = min(coarse.lists, count)
        room = lists * max(index.batch_size, count / lists + index.batch_size / 2)
        rows += round((room - count) * index.code_size + room * _panorama(index.n_levels))
    if isinstance(index, faiss.IndexIVFPQR):
        rows += count * index.refine_pq.code_size
    return rows


def _quantizer(index: faiss.IndexIVF, coarse: Coarse) -> int:
    quantizer = faiss.downcast_index(index.quantizer)
    if isinstance(quantizer, faiss.MultiIndexQuantizer):
        return coarse.centroids * index.d * _FLOAT
    return disk(quantizer, coarse.lists, None)


def _codebooks(index: faiss.Index) -> int:
    found = [getattr(index, name) for name in ("pq", "refine_pq") if hasattr(index, name)]
    return sum(pq.ksub * pq.d * _FLOAT for pq in found) + faiss_additive.codebook_bytes(index)


def _besides(index: faiss.Index, count: int, coarse: Coarse | None) -> int:
    """What is in memory and never written: precomputed tables, what a graph is built from, empty lists."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return _besides(index.index, count, coarse)
    if isinstance(index, faiss.IndexRefine):
        return _besides(index.base_index, count, coarse)
    if isinstance(index, faiss.IndexNSG):
        return count * (_KNN_GRAPH + index.d * _FLOAT)  # and the rows, which it takes all at once
    if isinstance(index, faiss.IndexNNDescent):
        return count * (nn_descent.MEMORY + index.d * _FLOAT)
    if not isinstance(index, faiss.IndexIVF):
        return 0
    return coarse.lists * 80 + _tables(index, coarse)  # two empty vectors a list


def _tables(index: faiss.IndexIVF, coarse: Coarse) -> int:
    """IndexIVFPQ's table of every centroid's products with the codebook; for IMI of each half's centroids."""
    table = coarse.centroids * index.pq.M * index.pq.ksub * _FLOAT if isinstance(index, faiss.IndexIVFPQ) else 0
    return table if index.metric_type == faiss.METRIC_L2 and table <= _TABLES else 0


def _learning(index: faiss.Index, coarse: Coarse | None, rows: int) -> float:
    """Multiply-adds of training on ``rows`` rows."""
    few = min(rows, _CODEBOOK_ROWS)
    work = 1.0 * rows * index.d
    for part in faiss_parts.inside(index):
        if isinstance(part, faiss.IndexIVF):
            work += _ITERATIONS * rows * (coarse or _own(part)).centroids * part.d
        if faiss_parts.learns_codebook(part):
            work += _CODEBOOK_WORK * few * part.pq.ksub * part.d
            work += _POLYSEMOUS_WORK * part.pq.M * getattr(part, "do_polysemous_training", False)
        if faiss_additive.quantizer(part):  # each codebook is followed by finding all codes so far
            work += faiss_additive.quantizer(part).M * few * faiss_additive.work(part)
    for matrix in faiss_parts.opqs(index):
        work += _OPQ_ROUNDS * few * (matrix.d_in * matrix.d_out + _CODEBOOK_WORK / 25 * 4 * 256 * matrix.d_out)
    return work


def _adding(index: faiss.Index, coarse: Coarse | None, count: int) -> float:
    """Multiply-adds of adding ``count`` rows: finding their lists, their codes, their neighbors in a graph."""
    work = 1.0 * count * index.d
    for part in faiss_parts.inside(index, faiss_parts.WITH_ALL_ROWS):
        if isinstance(part, faiss.IndexIVF):
            graph = isinstance(faiss.downcast_index(part.quantizer), faiss.IndexHNSW)
            work += 1.0 * count * (min(coarse.centroids, _HNSW_SEARCH) if graph else coarse.centroids) * part.d
        if faiss_parts.learns_codebook(part):
            work += _CODEBOOK_WORK / 25 * count * part.pq.ksub * part.d
        if isinstance(part, faiss.IndexHNSW):
            work += _HNSW_WORK * count * part.hnsw.efConstruction * part.hnsw.nb_neighbors(1) * part.d
        if isinstance(part, faiss.IndexNSG):
            work += _NSG_WORK * count * part.d
        if isinstance(part, faiss.IndexNNDescent):
            work += nn_descent.WORK * count
        if hasattr(part, "rabitq"):
            work += _RABITQ_WORK * count * part.d
        work += count * faiss_additive.work(part)
    return work
