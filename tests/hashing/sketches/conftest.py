"""What the tests of codes of sketches share: the built-in set, cut down, and a run on it."""

import numpy as np
import pytest

from datasets.images import outlines
from embedding.sketches.train import train
from hashing.sketches.build import CODES
from hashing.sketches.options import SketchHashOptions


def cut_down():
    whole = outlines.load()
    seen = np.unique(whole.labels[whole.train])
    kept = [*seen[:8], *np.setdiff1d(whole.labels, seen)[:4]]
    split = {part: rows[np.isin(whole.labels[rows], kept)] for part, rows in
             (("train", whole.train), ("query", whole.query), ("gallery", whole.gallery))}  # fmt: skip
    return whole.with_split(**split)


def options(folder, **changes) -> SketchHashOptions:
    small = {"batch_size": 8, "batch_k": 2, "epoch_steps": 3, "epochs": 2, "lr": 1e-3, "bits": 16}
    return SketchHashOptions(**{**small, "runs": folder, "report": False, "validation": 0.0, **changes})


@pytest.fixture(scope="session")
def coded_run(tmp_path_factory):
    """A run folder of codes of 16 bits, whose sides have nothing in common."""
    with pytest.MonkeyPatch.context() as patch:
        found = cut_down()
        patch.setattr(outlines, "load", lambda *_, **__: found)
        return train(options(tmp_path_factory.mktemp("runs"), share="none", report=True), CODES)
