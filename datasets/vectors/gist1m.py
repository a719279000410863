"""gist1m: a million GIST descriptors, 960-d, 1,000 queries and their 100 true neighbors (Jegou et al., PAMI 2011)."""

from pathlib import Path

from datasets.vectors import sift1m
from datasets.vectors.base import VectorSet

CORPUS = sift1m.Corpus(
    name="gist1m",
    stem="gist",
    url="ftp://ftp.irisa.fr/local/texmex/corpus/gist.tar.gz",
    size=2_740_172_684,
    md5="31185e0f00854f74d27e8ad8d52628a9",
)


def load(root: Path) -> VectorSet:
    """The set, mapped from ``root/gist1m`` or wherever under ``root`` it was unpacked; else downloaded, 2.7 GB.

    Raises InputError naming the address or the file.
    """
    return sift1m.load_corpus(CORPUS, Path(root))
