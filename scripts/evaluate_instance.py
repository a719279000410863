"""Judge a network by published protocols of instance retrieval: mAP, mP@k, with whitening and re-ranking.

python scripts/evaluate_instance.py --run=runs/books --data=instances --data-path=photos/images.csv --rerank=100
python scripts/evaluate_instance.py -npath gem.pth -d roxford5k,rparis6k -ms "[1, 1/2**(1/2), 1/2]" -w retrieval-SfM-120k
python scripts/evaluate_instance.py -noff resnet101-gem -d oxford5k,paris6k -imsize 1024 --expand=alpha-qe=50:3
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import command
import networks
import tyro

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD, check_share
from datasets.sources import image_source
from embedding.instances import evaluate
from embedding.instances.evaluate import Judgement, Searching
from embedding.instances.learned import Wanted
from embedding.reranking import methods


@dataclass(frozen=True, kw_only=True)
class EvaluateInstanceOptions(networks.NetworkOptions):
    """Judge a network by published protocols of instance retrieval: mAP, mP@k, with whitening and re-ranking."""

    ALIASES: ClassVar[dict[str, str]] = networks.ALIASES | {"datasets": "data", "data-dir": "data-path"}

    data: Annotated[str, tyro.conf.arg(aliases=["-d", "--datasets"])] = "covers"
    """Sets that are judged, with commas between them: oxford5k, roxford5k, instances ...; drawn covers are built in."""
    data_path: Path | None = None
    """Folder that holds the sets, data/ if not given; of instances the CSV file."""
    whitening: Annotated[str, tyro.conf.arg(aliases=["-w"])] = ""
    """Set whose whitening is used: kept with the network, or learned on it now; a part of an instances CSV; or a file
    that was saved (.npz). Never one that is judged."""
    whitening_path: Path | None = None
    """Folder that holds the set of --whitening; that of --data-path if not given."""
    learn: str = "lw"
    """How a whitening is learned now, and to how many dimensions: lw or pca, lw=64, pca=64:0.5."""
    expand: str = ""
    """Re-ranking by vectors, such as aqe=5, alpha-qe=10:3 or dba=10, diffusion=50; several with commas, in order."""
    rerank: int = 0
    """So many of the first are compared with the query by local features and put in a new order; 0 for none."""
    out: Path | None = None
    """Folder of the report, metrics.jsonl and what is kept; RUN/judged, or judged/NETWORK, if not given."""
    max_bad: float = MAX_BAD
    """Share of a set's pictures that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""
    seed: int = 0
    """Of the queries shown in the report."""

    def check(self) -> None:
        """Raises InputError where flags are out of their range."""
        if not self.names:
            raise InputError("--data=: name a set that is judged, such as instances or roxford5k,rparis6k")
        if self.rerank < 0 or self.seed < 0:
            flag = f"--rerank={self.rerank}" if self.rerank < 0 else f"--seed={self.seed}"
            raise InputError(f"{flag}: must be 0 or above")
        if self.whitening in self.names:
            what = "is one of the sets that are judged; learn a whitening on another"
            raise InputError(f"--whitening={self.whitening}: {what}")
        check_share(self.max_bad)
        methods.parse(self.expand, "--expand")
        Wanted.parse(self.learn, "--learn")

    @property
    def names(self) -> list[str]:
        """The sets that are judged, each once."""
        return list(dict.fromkeys(name.strip() for name in self.data.split(",") if name.strip()))


def main(options: EvaluateInstanceOptions) -> None:
    """Judge, print the scores, and write the report."""
    options.check()
    sets = [_load(name, options.data_path) for name in options.names]
    network = networks.named(options)
    print(network.told)


if __name__ == "__main__":
    command.main(main, EvaluateInstanceOptions)
