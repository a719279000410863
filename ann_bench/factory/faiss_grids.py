"""What faiss_float builds and sweeps by default: a build of every family, sized by the gallery."""

import math

from ann_bench.indexes.base import Grid

_FEW_ROWS = 1000  # a codebook has 256 centroids to find, and NSG begins with the 64 nearest of every row
_MANY_ROWS = 10**7  # building NSG takes four times as long as HNSW, and all rows at once


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """One of each family that the gallery (count, dim) is large enough for and that can search by ``metric``."""
    lists = inverted_lists(count)
    probes = _up_to(lists // 8, 1, 2, 4, 8, 16, 32, 64, 128)
    links = (10, 20, 40, 80, 160, 320)
    found = [
        Grid(f"IVF{lists},Flat", {"nprobe": probes}),
        Grid(f"IVF{lists},SQ8", {"nprobe": probes[::2]}),
        Grid("HNSW32,efConstruction=100", {"efSearch": links}),
    ]
    if count < _FEW_ROWS:
        return found
    # With twice the lists, finding the nearest of them costs more than reading them: HNSW finds them faster.
    found.append(Grid(f"IVF{2 * lists}_HNSW32,Flat", {"nprobe": probes[::2], "quantizer_efSearch": (16, 64)}))
    # As fast as over whole rows up to a recall of 0.97 (10,000 SIFT descriptors), in half the memory.
    found.append(Grid("HNSW32,SQ8,efConstruction=100", {"efSearch": links[1:5]}))
    # Between PQ and SQ8 in memory. Left out, as on no front of what was tried: RaBitQ with re-ranking (100,000
    # SIFT descriptors, recall 0.98: RaBitQfs,RFlat has 0.44 of the QPS of PQ64x4fs,RFlat in as much memory), Panorama,
    # NNDescent and RQ. Elsewhere they may do better: --build asks for them.
    found.append(Grid(f"IVF{lists},RaBitQ4", {"nprobe": _up_to(lists // 8, 4, 16, 64)}))
    found += [Grid("NSG32", {"search_L": links})] if count <= _MANY_ROWS else []
    return found + _with_codebooks(count, dim, metric)


def _with_codebooks(count: int, dim: int, metric: str) -> list[Grid]:
    lists, codes = inverted_lists(count), code_bytes(dim)
    reduced = dim // codes * codes  # OPQ brings rows to a length that the codes divide
    own = _divisor(dim, codes)
    bits = 8 * own
    probes = _up_to(lists // 8, 1, 4, 16, 64, 256)
    found = [
        Grid(f"IVF{lists},PQ{_divisor(dim, dim // 2)}x4fs,RFlat", {"nprobe": probes, "k_factor_rf": (1, 4, 16)}),
        # Polysemous: ht of all bits filters nothing out, which is plain IVF-PQ; the others are 54 and 46 at 128 bits.
        Grid(f"IVF{lists},PQ{own}", {"nprobe": probes, "ht": (bits, round(0.42 * bits), round(0.36 * bits))}),
        Grid(f"OPQ{codes}_{reduced},IVF{lists},PQ{codes}np", {"nprobe": probes}),
    ]
    if metric == "inner_product" or reduced % 2:  # IMI is for L2 alone, and cuts rows in halves
        return found
    imi = f"OPQ{codes}_{reduced},IMI2x{imi_bits(count)},PQ{codes}np"
    cells = _up_to(4 ** imi_bits(count) // 4, 4, 16, 64, 256, 1024)
    return [*found, Grid(imi, {"nprobe": cells, "max_codes": (0, min(1 << 18, max(1000, count // 50)))})]


def inverted_lists(count: int) -> int:
    """How many: 4 times the root of ``count`` as a power of two up to a million rows, and from there on by steps.

    Never more than one for eight rows. These are the numbers of autofaiss (https://github.com/criteo/autofaiss), with
    262,144 above 100 million rows.
    """
    if count <= 1 << 20:
        return 2 ** max(0, min(round(math.log2(4 * math.sqrt(count))), int(math.log2(count)) - 3))
    return next((lists for most, lists in ((10**7, 1 << 14), (10**8, 1 << 16)) if count <= most), 1 << 18)


def imi_bits(count: int) -> int:
    """The b of IMI2xb: its 4^b cells are about as many as there are rows, by 16: 6 at 100 thousand, 13 at a billion."""
    return min(14, max(2, round(math.log2(max(1, count)) / 2 - 2)))


def code_bytes(dim: int) -> int:
    """Bytes of a row's code: one for eight dimensions, or 16 where that is not more than one for four."""
    return max(1, dim // 8, min(16, dim // 4))


def _divisor(dim: int, most: int) -> int:
    """The largest number up to ``most`` that divides ``dim``."""
    return next(n for n in range(max(1, most), 0, -1) if dim % n == 0)


def _up_to(most: int, *values: int) -> tuple[int, ...]:
    return tuple(value for value in values if value <= max(most, values[0]))
