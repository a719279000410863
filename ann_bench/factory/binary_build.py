"""Build: what the build string of a binary index says, whether it can be built, and what it will take."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ann_bench.indexes.base import Estimate, Value
from datasets.errors import InputError

_N = r"[1-9]\d{0,8}"
_PATTERN = re.compile(
    rf"(?:(?P<binariser>ITQ|RR)(?P<bits>{_N}),)?"
    rf"(?P<inner>BFlat|BIVF(?P<lists>{_N})(?:_HNSW(?P<coarse>{_N}))?|BHNSW(?P<links>{_N})"
    rf"|BHash(?:(?P<hashes>{_N})x)?(?P<hash_bits>{_N}))(?P<refine>,RFlat)?"
)
_FORMS = "BFlat, BIVF1024, BIVF1024_HNSW32, BHNSW32, BHash16 or BHash4x16"
MOST_LINKS = 1024
_PER_BUCKET = 160  # bytes of a bucket of a hash table in memory, with what its two lists take besides their entries

# Of the lines that serve an index.
_IMPORTS = "import faiss, numpy as np"
_CODES = "np.packbits(binariser.apply(queries) > 0, axis=1)"
_COARSE = "faiss.downcast_IndexBinary(index.quantizer).hnsw.efSearch"
_OPENED = """
with open({path!r}, "rb") as file:
    reader = faiss.PyCallbackIOReader(file.read)
    binariser, index = faiss.read_VectorTransform(reader), faiss.read_index_binary(reader)
"""
_GALLERY = "    gallery = np.fromfile(file, np.float32).reshape(-1, {dim})"
_REFINED = """
found = index.search({codes}, {wanted})[1]
apart = {apart}
apart[found < 0] = np.inf
rows = np.take_along_axis(found, apart.argsort(axis=1)[:, :{k}], axis=1)
"""
_APART = {
    "euclidean": "((gallery[found] - queries[:, None]) ** 2).sum(axis=2)",
    "inner_product": "-(gallery[found] * queries[:, None]).sum(axis=2)",
}


@dataclass(frozen=True)
class Build:
    """A build string in parts.

    binariser, bits : "ITQ" or "RR" and the length of its codes, or "" and 0
    inner : the index of codes, as Faiss writes it; refine : whether float rows are kept to re-rank by
    lists : inverted lists; coarse : links of the graph over them; links : links of BHNSW
    hash_bits, hashes : how many bits a hash table looks at, and how many tables BHash4x16 has
    All of these are 0 where there are none.
    """

    text: str
    inner: str
    binariser: str
    refine: bool
    bits: int
    lists: int
    coarse: int
    links: int
    hash_bits: int
    hashes: int

    @staticmethod
    def read(text: str) -> "Build":
        """From "ITQ128,BIVF1024,RFlat"; raises InputError naming what cannot be read."""
        found = _PATTERN.fullmatch(text.replace(" ", ""))
        if found is None:
            wrapped = "over float rows with ITQ128, or RR128, before it, and ,RFlat behind where wanted"
            raise InputError(f"--build={text}: write {_FORMS}; {wrapped}")
        numbers = {name: int(found[name] or 0) for name in ("bits", "lists", "coarse", "links", "hash_bits", "hashes")}
        return Build(text, found["inner"], found["binariser"] or "", found["refine"] is not None, **numbers)

    def check(self, dim: int, metric: str, count: int) -> None:
        """Raises InputError where ``count`` rows of ``dim`` dimensions (bits for hamming) cannot be indexed so."""
        self._check_binariser(dim, metric, count)
        bits = self.bits or dim
        if bits % 8 or not bits:
            self._refuse(f"codes have {bits} bits, but must be whole bytes: a multiple of 8")
        if self.lists > count:
            self._refuse(f"has more inverted lists than there are rows, {count}")
        if any(links and not 2 <= links <= MOST_LINKS for links in (self.coarse, self.links)):
            self._refuse(f"HNSW must have from 2 to {MOST_LINKS} links")
        if self.hash_bits > 64 or self.hash_bits * max(1, self.hashes) > bits:
            self._refuse(f"a table looks at up to 64 bits, and all together at no more than the {bits} of a code")

    def _check_binariser(self, dim: int, metric: str, count: int) -> None:
        if metric == "hamming" and (self.binariser or self.refine):
            self._refuse(f"rows are codes already, so ITQ, RR and RFlat have nothing to do; write {self.inner}")
        if metric != "hamming" and not self.binariser:
            self._refuse(f"rows are no codes; write ITQ{dim // 8 * 8 or 8},{self.inner},RFlat to make them codes first")
        if self.binariser == "ITQ" and self.bits > dim:
            self._refuse(f"ITQ has no more than {dim} bits for {dim} dimensions; RR{self.bits} has")
        if self.binariser == "ITQ" and count < dim:
            self._refuse(f"ITQ learns from no fewer rows than dimensions, {dim}; RR{self.bits} does")

    def _refuse(self, reason: str) -> None:
        raise InputError(f"--build={self.text}: {reason}")

    def defaults(self) -> dict[str, Value]:
        """Search parameter -> Faiss's default."""
        found: dict[str, Value] = {}
        if self.lists:
            found["nprobe"] = 1
        if self.coarse:
            found["quantizer_efSearch"] = 16
        if self.links:
            found["efSearch"] = 16
        if self.hash_bits:
            found["nflip"] = 0
        return found | ({"k_factor": 1} if self.refine else {})

    def serving(self, path: Path, search: Mapping[str, Value], dim: int, metric: str, k: int) -> str:
        """Lines of Python that read a saved index with Faiss alone and search in it; they end with ``rows``."""
        lines, codes, wanted = [f"index = faiss.read_index_binary({str(path)!r})"], "queries", k
        if self.binariser:
            lines, codes = [_OPENED.format(path=str(path)).strip()], _CODES
        lines += [_GALLERY.format(dim=dim)] if self.refine else []
        for name, value in search.items():
            place = {"efSearch": "index.hnsw.efSearch", "quantizer_efSearch": _COARSE}.get(name, f"index.{name}")
            lines += [f"{place} = {value}"] if name != "k_factor" else []
        if self.refine:
            apart = _APART["inner_product" if metric == "inner_product" else "euclidean"]
            wanted *= int(search.get("k_factor", 1))
            return "\n".join([_IMPORTS, *lines, _REFINED.format(codes=codes, wanted=wanted, apart=apart, k=k).strip()])
        return "\n".join([_IMPORTS, *lines, f"differing, rows = index.search({codes}, {k})"])

    def estimate(self, dim: int, count: int) -> Estimate:
        """Codes, what finds them, the binariser and the rows."""
        bits = self.bits or dim
        beside, in_memory = self._beside(count, bits)
        transform = 4 * (self.bits + 1) * (dim + 1) if self.binariser else 0
        disk = count * bits // 8 + beside + transform + self.refine * 4 * dim * count
        return Estimate(memory=disk + in_memory, disk=disk, work=self._work(dim, count, bits))

    def _beside(self, count: int, bits: int) -> tuple[int, int]:
        """Bytes on disk besides the codes, and bytes in memory besides those."""
        if self.lists:
            coarse = self.lists * (bits // 8 + (_graph(self.coarse) if self.coarse else 0))
            return round(8 * count + 8 * self.lists + coarse), count * bits // 8  # lists have room to grow into
        if self.links:
            return round(count * _graph(self.links)), 40 * count  # and a lock each
        if not self.hash_bits:
            return 0, 0
        buckets = _filled(count, 2**self.hash_bits)
        if not self.hashes:
            return round(8 * count + buckets * (16 + (self.hash_bits + 8) / 8)), round(buckets * _PER_BUCKET)
        digits = math.ceil(math.log2(count + 1))  # on disk, ids have as many bits as they need
        packed = self.hashes * (count * digits + buckets * (self.hash_bits + digits)) / 8
        return round(packed), round(self.hashes * (buckets * _PER_BUCKET + 8 * count))

    def _work(self, dim: int, count: int, bits: int) -> float:
        """As multiply-adds: of the binariser, and of comparing codes, which takes about as long as a 16th of a row."""
        making = count * dim * self.bits + (100 * dim * self.bits * dim * 50 if self.binariser == "ITQ" else 0)
        if self.lists:  # ten rounds of k-means over float rows, then each row to its list
            return making + self.lists * bits * (50 * self.lists * 10 + count / 4)
        if self.links:
            return making + count * 40 * math.sqrt(self.links) * bits * 100
        return making + 1000 * count * (1 + self.hashes)


def _graph(links: int) -> float:
    """Bytes of links a row in Faiss's HNSW: twice as many on the ground, and one row in ``links`` a level higher."""
    return 4 * (2 * links + links / (links - 1)) + 4 + 8


def _filled(count: int, buckets: int) -> float:
    """How many of ``buckets`` have something in them after ``count`` random throws."""
    return buckets * -math.expm1(-count / buckets)
