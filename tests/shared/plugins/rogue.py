"""An index that misbehaves as its build string says: while it is built, or in the search with step=1."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid
from datasets.vectors import exact

IN_BUILD = ("crash_in_build", "hang_in_build", "hungry_build", "too_large")
IN_SEARCH = ("twice", "too_many", "too_few", "out_of_range", "no_integers", "liar", "raises", "crash", "hang", "hungry")
IN_RANGE = ("twice", "out_of_range", "flood", "no_integers", "raises")  # the third answers with millions of pairs
IN_STREAM = ("remover", "zombie", "grower")  # the second finds what was removed, the third cannot remove


class Rogue(base.Index):
    metrics = ("euclidean",)
    ranges = True
    tunes = {"step": 0}

    def __init__(self, build, **about):
        super().__init__(build, **about)
        self.changes = build in ("remover", "zombie")
        self.grows = build in IN_STREAM
        self.gone = np.empty(0, int)

    def estimate(self):
        return Estimate(memory=10**18 if self.build == "too_large" else 1000, disk=1000)

    def set_threads(self, threads):
        pass

    def add(self, rows):
        self.rows = rows if not hasattr(self, "rows") else np.concatenate([self.rows, rows])
        if self.build in IN_BUILD:
            self.misbehave(self.build.removesuffix("_in_build").removesuffix("_build"))

    def save(self, path: Path):
        with path.open("wb") as file:
            np.save(file, self.rows)

    def load(self, path: Path):
        self.rows = np.load(path)
        if self.build == "cannot_load":
            self.misbehave("crash")

    def tune(self, **search):
        self.check_search(search)
        self.step = search.get("step", 0)

    def remove(self, rows):
        self.gone = np.concatenate([self.gone, rows])

    def find(self, queries, k):
        rows = self.rows.copy()
        if self.build == "remover":
            rows[self.gone] = 1e9
        neighbors, distances = exact.search(queries, rows, k)
        return self.answer(neighbors, distances) if self.step == 1 else (neighbors, distances)

    def find_within(self, queries, radius):
        near = [distances for _, distances in exact.all_distances(queries, self.rows)][0] <= radius
        query, ids = np.nonzero(near)
        counts = np.bincount(query, minlength=len(queries))
        if self.step == 1 and len(ids):
            counts, ids = self.pairs(counts, ids)
        return np.concatenate([[0], np.cumsum(counts)]), ids

    def pairs(self, counts, ids):
        if self.build == "out_of_range":
            ids[-1] = len(self.rows)
        if self.build == "twice":
            ids[:2] = ids[0]
        if self.build == "flood":
            return counts * 10**6, np.repeat(ids, 10**6)
        if self.build == "no_integers":
            return counts, ids.astype(float)
        self.misbehave(self.build)
        return counts, ids

    def answer(self, neighbors, distances):
        if self.build == "twice":
            neighbors[:, 1] = neighbors[:, 0]
        if self.build == "too_many":
            return np.repeat(neighbors, 2, axis=1), None
        if self.build == "too_few":
            return neighbors[:, 1:], None
        if self.build == "out_of_range":
            neighbors[:, 0] = len(self.rows)
        if self.build == "no_integers":
            return neighbors.astype(float), None
        if self.build == "liar":  # far rows, said to be near
            return neighbors[:, ::-1] * 0 + np.arange(neighbors.shape[1]), distances
        self.misbehave(self.build)
        return neighbors, distances

    def __del__(self):
        if self.build == "bad_end" and hasattr(self, "step"):  # in the worker, when everything is measured
            os.kill(os.getpid(), signal.SIGSEGV)

    def misbehave(self, how):
        if how == "raises":
            raise RuntimeError("out of luck")
        if how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if how == "hang":
            time.sleep(600)
        if how == "sleeps":
            time.sleep(0.001)
        if how == "stumbles":  # at every tenth query
            self.asked = getattr(self, "asked", 0) + 1
            time.sleep(0.001 if self.asked % 10 else 0.03)
        if how == "hungry":
            self.kept = [np.ones(10**7) for _ in range(200)]


def grids(count, dim, metric):
    return [Grid("honest", {"step": (0, 1, 2)})]


Index = Rogue
