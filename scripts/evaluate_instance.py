"""Judge a network by published protocols of instance retrieval: mAP, mP@k, with whitening and re-ranking.

python scripts/evaluate_instance.py --run=runs/books --data=instances --data-path=photos/images.csv --rerank=100
python scripts/evaluate_instance.py -npath gem.pth -d roxford5k,rparis6k -ms "[1, 2**(1/2), 1/2**(1/2)]" -w sfm120k
python scripts/evaluate_instance.py -noff resnet101-gem -d oxford5k,paris6k -imsize 1024 --expand=alpha-qe=50:3
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import command
import networks
import numpy as np
import tyro
from networks import Network

from datasets.errors import InputError
from datasets.images import canonical, parts, split_of
from datasets.images import names as image_names
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD, check_share
from datasets.sources import image_source
from embedding.evaluation.table import aligned
from embedding.evaluation.whiten import Whitening
from embedding.instances import evaluate, learned
from embedding.instances.evaluate import Judgement, Searching
from embedding.instances.judged import tell_trained_on
from embedding.instances.learned import Wanted
from embedding.reranking import methods, verify
from embedding.search import page
from embedding.search.page import Table
from embedding.search.verified import Verifier


@dataclass(frozen=True, kw_only=True)
class EvaluateInstanceOptions(networks.NetworkOptions):
    """Judge a network by published protocols of instance retrieval: mAP, mP@k, with whitening and re-ranking."""

    ALIASES: ClassVar[dict[str, str]] = networks.ALIASES | {"datasets": "data", "data-dir": "data-path"}

    data: Annotated[str, tyro.conf.arg(aliases=["-d", "--datasets"])] = "covers"
    """Sets that are judged, with commas between them: oxford5k, roxford5k, instances ...; drawn covers are built in."""
    data_path: Path | None = None
    """Folder that holds the sets, data/ if not given; of instances the CSV file."""
    parts: str = ""
    """Parts of an instances CSV that are judged, with commas between them; all if not given."""
    whitening: Annotated[str, tyro.conf.arg(aliases=["-w"])] = ""
    """Set whose whitening is used: kept with the network, or learned on it now; a part of an instances CSV; or a file
    that was saved (.npz). Never one that is judged."""
    whitening_path: Path | None = None
    """Folder that holds the set of --whitening; that of --data-path if not given, where that is a
    folder."""
    learn: str = "auto"
    """How a whitening is learned anew, and to how many dimensions: lw, from pairs, or pca, such as lw=64 or pca=64:0.5.
    Auto takes the one that is kept with the network, or else lw where there are more pairs than dimensions."""
    expand: str = ""
    """Re-ranking by vectors, such as aqe=5, alpha-qe=10:3 or dba=10, diffusion=50; several with commas, in order."""
    rerank: str = "0"
    """So many of the first are compared with the query by local features and put in a new order, such as 100; with
    floor and weight of what matches, as compare_instance.py chooses them, 100:4:0.3; 0 for none."""
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
        if self.seed < 0:
            raise InputError(f"--seed={self.seed}: must be 0 or above")
        verify.parsed(self.rerank, "--rerank")
        check_share(self.max_bad)
        methods.parse(self.expand, "--expand")
        Wanted.parse(self.learn, "--learn")

    @property
    def names(self) -> list[str]:
        """The sets that are judged, each once."""
        return _each(self.data)

    @property
    def judged_parts(self) -> list[str]:
        """The parts that are judged; none where all are."""
        return _each(self.parts)


def _each(text: str) -> list[str]:
    """The names in a text with commas, each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _which(name: str) -> tuple[str, str]:
    """The set and the split that a name means."""
    return canonical(name), split_of(name)


def main(options: EvaluateInstanceOptions) -> None:
    """Judge, print the scores, and write the report."""
    options.check()
    sets = [_load(options, name) for name in options.names]
    network = networks.named(options)
    out = options.out or _place(options, network)
    whitening = _whitening(options, network, out)
    steps = methods.parse(options.expand, "--expand")
    first, how = verify.parsed(options.rerank, "--rerank")
    searching = Searching(whitening, steps, first, Verifier(out / "features", options.workers, how=how))
    found: list[Judgement] = []
    for images in sets:
        if options.run is not None:
            tell_trained_on(options.run, images)
        rows = np.union1d(images.query, images.gallery)
        vectors = network.describer.kept(images, rows, out / "vectors", max_bad=options.max_bad)
        found += evaluate.judge(images, vectors, searching)
    facts = _facts(options, network, whitening)
    tables = _tables(found)
    print("\n".join(facts))
    for table in tables:
        print("\n" + aligned([[table.title, *table.columns], *table.rows], least=6))
    _record(out, found, facts)
    questions = [question for one in found for question in evaluate.questions(one, options.seed)]
    more = facts[1:]  # the title has the first
    print(f"report: {page.write_found(out, questions, more, tables=tables, title=network.told)}")


def _load(options: EvaluateInstanceOptions, name: str) -> ImageSet:
    images = image_source.load(name, options.data_path).require("query", "gallery")
    if images.several_labels:
        raise InputError(f"--data={name}: its images have several labels each, and are no instances")
    return parts.of_parts(images, judge=options.judged_parts) if options.judged_parts else images


def _place(options: EvaluateInstanceOptions, network: Network) -> Path:
    if options.run is not None:
        return options.run / "judged"
    return Path("judged") / _plain(network.told.partition(",")[0])


def _plain(name: str) -> str:
    """What a file or folder can be called that is for ``name``."""
    return re.sub(r"[^\w.-]+", "_", name)


def _whitening(options: EvaluateInstanceOptions, network: Network, out: Path) -> Whitening | None:
    """The one that --whitening names: in a file, kept with the network, or learned now and saved."""
    name = options.whitening
    if not name:
        return None
    anew = options.learn != EvaluateInstanceOptions.learn and not name.endswith(networks.FILES)
    if not anew and (found := network.whitening(name)) is not None:
        found(np.empty((0, network.describer.engine.facts.dim), np.float32))  # another size is told before all else
        return found
    wanted = Wanted.parse(options.learn, "--learn")
    images = _teaching(options)
    pairs = learned.pairs(images)
    vectors = network.describer.kept(images, np.unique(pairs), out / "vectors", max_bad=options.max_bad)
    pairs = pairs[~np.isnan(vectors[pairs, 0]).any(axis=1)]
    found = wanted.learn(vectors, pairs).told(images, np.unique(pairs))
    how = "" if options.learn == EvaluateInstanceOptions.learn else f"-{wanted}"
    path = out / "whitening" / f"{_plain(name + how)}-{network.kind}{networks.FILES}"
    found.save(path)
    print(f"whitening: {path}")
    return found


def _teaching(options: EvaluateInstanceOptions) -> ImageSet:
    """What --whitening is learned on, a set or a part of one; raises InputError where it is judged, or is neither."""
    name, of_sets = options.whitening, []
    if _which(name) in map(_which, options.names):
        what = "is one of the sets that are judged; learn a whitening on another"
        raise InputError(f"--whitening={name}: {what}")
    for images in (image_source.load(judged, options.data_path) for judged in options.names):
        of_sets += (its := parts.names(images))
        if name in its:
            if name in (options.judged_parts or its):
                others = ",".join(part for part in options.judged_parts or its if part != name)
                raise InputError(f"--whitening={name}: is a part that is judged; judge others, as by --parts={others}")
            return parts.of_parts(images, judge=[name])
    if canonical(name) not in image_names():
        known = f", nor one of the parts {', '.join(of_sets)}" if of_sets else ""
        raise InputError(f"--whitening={name}: is no set{known}, and no file ({networks.FILES})")
    beside = options.data_path if options.data_path is not None and options.data_path.is_dir() else None
    flags = ("--whitening", "--whitening-path")
    return image_source.load_for_whitening(name, options.whitening_path or beside, flags=flags)


def _facts(options: EvaluateInstanceOptions, network: Network, whitening: Whitening | None) -> list[str]:
    facts = [network.told]
    if whitening is not None:
        facts.append(f"whitened to {whitening.dim} dimensions, learned on {whitening.learned_on or options.whitening}")
    if options.expand:
        facts.append(f"re-ranked by {', '.join(map(str, methods.parse(options.expand, '--expand')))}")
    first, how = verify.parsed(options.rerank, "--rerank")
    if first:
        facts.append(f"the first {first} verified by local features" + how.changed)
    return facts


def _tables(found: Sequence[Judgement]) -> list[Table]:
    """One table for all parts that have the same scores."""
    alike: dict[tuple[str, ...], list[Judgement]] = {}
    for one in found:
        alike.setdefault(tuple(one.scores), []).append(one)
    return [
        Table("scores", columns, [[one.title, *(_shown(name, one.scores[name]) for name in columns)] for one in ones])
        for columns, ones in alike.items()
    ]


def _shown(name: str, score: float) -> str:
    return f"{score:.0f}" if name.startswith("queries ") else f"{score:.4f}"


def _record(out: Path, found: Sequence[Judgement], facts: Sequence[str]) -> None:
    """Add a line a part to metrics.jsonl."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as file:
        for one in found:
            line = {"kind": "scores", "row": "; ".join(facts), "data": one.title, **one.scores}
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    command.main(main, EvaluateInstanceOptions)
