"""Compare settings of instance retrieval: trunk x scales x whitening x query expansion x geometry, in one table.

python scripts/compare_instance.py --data=instances --data-path=photos/images.csv --trunks=efficientnet_lite0
python scripts/compare_instance.py --data=covers,covers-shelf,covers-facades --rerank=none,50

Whitenings are learned on other parts than the one that is judged, and settings are chosen on them.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import command
import networks
import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD, check_share
from datasets.sources import image_source
from datasets.sources.joined import joined
from embedding.evaluation.ranking import Ranking
from embedding.instances.compare import NONE, Comparison, settings, table
from embedding.instances.judged import Judged
from embedding.instances.learned import Wanted
from embedding.reranking import methods, verify
from embedding.search.inliers import Inliers
from embedding.search.verified import Verifier


@dataclass(frozen=True, kw_only=True)
class CompareInstanceOptions:
    """Compare settings of instance retrieval: trunk x scales x whitening x query expansion x geometry, in one table."""

    ALIASES: ClassVar[dict[str, str]] = networks.ALIASES

    data: str = "covers"
    """Set that is judged: instances, in --data-path, part by part; or several with commas, each of which is a part."""
    data_path: Path | None = None
    """Folder that holds the set, data/ if not given; of instances the CSV file."""
    trunks: str = "efficientnet_lite0"
    """Networks with commas between them: trunks whose weights pip brings, TRUNK:FILE with weights, a run folder, a
    checkpoint of cirtorch (.pth) or an encoder (.onnx)."""
    pool: str = "gem"
    """Pooling of trunks."""
    image_size: str = ""
    """Longest side in pixels; as of scripts/evaluate_instance.py if not given."""
    multiscale: str = "[1]; [1, 1/2**(1/2), 1/2]"
    """Scales at which pictures are seen, with semicolons between several choices."""
    whitening: str = "none, pca=64"
    """Whitenings, with commas: none, lw, lw=64 (from pairs, to 64 dimensions), pca=64, pca=64:0.5 (half as strong)."""
    expand: str = "none; aqe=1"
    """Re-rankings by vectors, with semicolons between several: none, aqe=5, alpha-qe=10:3, dba=5, diffusion=20."""
    rerank: str = "none, 100"
    """How many of the first are verified by local features, with commas between several choices; none for no. 100:4:0.3
    says besides how many inliers may be chance, and the weight of the logarithm of what is more."""
    out: Path = Path("compared")
    """Folder where vectors, local features and matches are kept, and the table is written: table.txt."""
    engine: str = "auto"
    """What computes: onnx, mxnet, or auto, the faster that is installed."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    workers: int = 2
    """Threads that decode pictures, and that compare them."""
    max_bad: float = MAX_BAD
    """Share of the pictures that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""

    def check(self) -> None:
        """Raises InputError where a choice cannot be read."""
        check_share(self.max_bad)
        if self.workers < 1:
            raise InputError(f"--workers={self.workers}: must be above 0")
        for flag, between in (("data", ","), ("trunks", ","), *CHOICES.items()):
            if not self.choices(flag, between):
                raise InputError(f"--{flag}=: give one at least")
        for whitening in self.choices("whitening"):
            if whitening != NONE:
                Wanted.parse(whitening, "--whitening")
        for expansion in self.choices("expand"):
            methods.parse("" if expansion == NONE else expansion, "--expand")
        for count in self.choices("rerank"):
            if count != NONE and not verify.parsed(count, "--rerank")[0]:
                raise InputError(f"--rerank={self.rerank}: give none for no verification, or a number above 0")
        for scales in self.choices("multiscale"):
            networks.parse_scales(scales, "--multiscale")

    def choices(self, flag: str, between: str = "") -> list[str]:
        """What a flag names, each once."""
        parts = getattr(self, flag).split(between or CHOICES[flag])
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


CHOICES = {"multiscale": ";", "whitening": ",", "expand": ";", "rerank": ","}  # and what stands between them


def main(options: CompareInstanceOptions) -> None:
    """Make what is not there yet, and print the table."""
    options.check()
    images = _set(options)
    whitenings = _whitenings(options, images)
    vectors = {
        (trunk, scales): _vectors(options, images, trunk, scales)
        for trunk in options.choices("trunks", ",")
        for scales in options.choices("multiscale")
    }
    inliers = Inliers(images, options.out, Verifier(options.out / "features", options.workers))
    comparison = Comparison(images, vectors, partial(_verified, inliers))
    chosen = settings(list(vectors), whitenings, *(options.choices(flag) for flag in ("expand", "rerank")))
    text = table(comparison, chosen)
    print(f"\n{text}")
    (options.out / "table.txt").write_text(f"{text}\n", encoding="utf-8")


def _set(options: CompareInstanceOptions) -> ImageSet:
    names = options.choices("data", ",")
    sets = [image_source.load(name, options.data_path).require("query", "gallery") for name in names]
    return sets[0] if len(sets) == 1 else joined(sets, "-".join(images.name for images in sets)[:80])


def _whitenings(options: CompareInstanceOptions, images: ImageSet) -> list[str]:
    """Those that can be learned: of a set with one part none, as it would be on what is judged."""
    wanted = options.choices("whitening")
    if len(set(images.truth.parts if images.truth else ())) > 1 or wanted == [NONE]:
        return wanted
    why = f"dataset {images.name} has one part alone, and a whitening is learned on another"
    if options.whitening != CompareInstanceOptions.whitening:
        raise InputError(f"--whitening={options.whitening}: {why}; give --whitening=none, or several sets in --data")
    print(f"{why}: none is compared")
    return [NONE]


def _vectors(options: CompareInstanceOptions, images: ImageSet, trunk: str, scales: str) -> np.ndarray:
    name, _, file = trunk.partition(":")
    flags = {"use_pretrained": file or name, "model": name if file else "", "pool": options.pool}
    if not file and (trunk.endswith(".pth") or Path(trunk).is_dir()):
        flags = {"network_path": trunk}
    if trunk.endswith(".onnx"):
        flags = {"model": trunk}
    same = {flag: getattr(options, flag) for flag in ("image_size", "engine", "gpus", "workers")}
    network = networks.named(networks.NetworkOptions(**flags, **same, multiscale=scales))
    rows = np.union1d(images.query, images.gallery)
    return network.describer.kept(images, rows, options.out / "vectors", max_bad=options.max_bad)


def _verified(inliers: Inliers, part: Judged, ranking: Ranking, geometry: str) -> Ranking:
    """The first of a ranking, as many as ``geometry`` says, in the order of their scores and geometry together."""
    count, how = verify.parsed(geometry, "--rerank")
    neighbors, scores = ranking.cosines(count)
    joint = verify.joined(scores, inliers.of(part.images.query, part.images.gallery[neighbors]), how)
    order = np.argsort(-joint, axis=1, kind="stable")
    return ranking.reordered(*(np.take_along_axis(one, order, axis=1) for one in (neighbors, joint)))


if __name__ == "__main__":
    command.main(main, CompareInstanceOptions)
