"""Scoring: what a command prints of the vectors of a labelled set, and how they stand in a file."""

import dataclasses
from pathlib import Path

import numpy as np

from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.vectors.base import VectorSet
from embedding import build
from embedding.evaluation.judge import table
from embedding.options import TrainOptions
from hashing import build as hash_build
from hashing.evaluation.judge import HashJudge
from hashing.options import HashOptions

_ANY = "224"  # size of pictures, at which nobody looks: their vectors are there


def scored(
    kept: np.ndarray, whole: ImageSet, images: ImageSet, skipped: Skipped, *, run: Path | None, part: str, dtype: str
) -> VectorSet:
    """The vectors of ``images`` with their true neighbors, after their scores have been printed.

    kept : (N, D) what the network made of the images, NaN where they were ``skipped`` or are in no part
    whole : the set before its ``part`` was taken; run : the folder whose network it was
    """
    asked = TrainOptions(test_size=_ANY) if run is None else _options(run)
    judge = build.judge(asked, images, [], skipped, kept=kept)
    if isinstance(asked, HashOptions):
        known = hash_build.was_trained_on(run, whole)  # of other sets, no image was
        judge = HashJudge(judge, images if known else dataclasses.replace(images, train=images.train[:0]), asked)
    vectors = judge.vectors(None)
    if images.truth is not None:
        print(f"{judge.title}: its scores, by the protocol of its set, are printed by scripts/evaluate_instance.py")
    elif vectors.metric == "hamming" or not images.several_labels:
        print(table([{"row": part, "data": judge.title, **judge.scores_of(vectors)}]))
    return vectors if vectors.metric == "hamming" else _of_type(vectors, dtype)


def _options(run: Path) -> TrainOptions:
    kind = HashOptions if hash_build.is_hashing_run(run) else TrainOptions
    return build.stored_options(run, kind)


def _of_type(vectors: VectorSet, dtype: str) -> VectorSet:
    gallery = vectors.gallery.astype(dtype, copy=False)
    queries = gallery if vectors.leave_one_out else vectors.queries.astype(dtype, copy=False)
    return dataclasses.replace(vectors, gallery=gallery, queries=queries)
