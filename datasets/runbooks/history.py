"""History: a runbook followed from its first step to its last: every row that comes has a number of its own.

Rows are numbered in the order in which they come, as an index numbers what is added to it. A replacement ends one row
and begins another: the id stays, the number and the vector are new. All that cannot be is found here.
"""

import functools
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.runbooks.runbook import DELETE, INSERT, REPLACE, SEARCH, Runbook, Step


@dataclass(frozen=True, eq=False)
class History:
    """What comes of a runbook over a set. Steps count from 0.

    rows (N,) : the row of the set that each number is; tags (N,) : its id in the runbook
    born, died (N,) : the steps in which it comes and goes; ``len(steps)`` where it never goes
    alive (S,) : rows that are there after each step
    """

    runbook: Runbook
    rows: np.ndarray
    tags: np.ndarray
    born: np.ndarray
    died: np.ndarray
    alive: np.ndarray

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those of the runbook."""
        return self.runbook.steps

    @functools.cached_property
    def searches(self) -> np.ndarray:
        """(T,) the steps at which all queries are asked."""
        return np.array([place for place, step in enumerate(self.steps) if step.operation == SEARCH], np.int64)

    def comes(self, step: int) -> np.ndarray:
        """The numbers of the rows that come in a step."""
        return np.arange(*np.searchsorted(self.born, [step, step + 1]))

    def goes(self, step: int) -> np.ndarray:
        """The numbers of the rows that go in a step, ascending."""
        low, high = np.searchsorted(self._in_order_of_death[1], [step, step + 1])
        return np.sort(self._in_order_of_death[0][low:high])

    def there(self, step: int) -> np.ndarray:
        """The numbers of the rows that are there after a step, ascending."""
        return np.flatnonzero((self.born <= step) & (self.died > step))

    @functools.cached_property
    def _in_order_of_death(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.died, kind="stable")
        return order, self.died[order]


def follow(runbook: Runbook, count: int, *, name: str) -> History:
    """The history of a runbook over the ``count`` rows of the set ``name``.

    Raises InputError, naming the step, where an id is beyond the set, comes though it is there, goes or is replaced
    though it is not, where more rows are there than the runbook says, and where nothing is ever searched for.
    """
    order = np.arange(count) if runbook.order is None else runbook.order
    if runbook.order is not None and (len(order) > count or order.size and not 0 <= order.min() <= order.max() < count):
        raise InputError(f"{runbook.where}: its order is of other vectors than the {count:,} rows of {name}")
    _check_ids(runbook, len(order), name)
    number_of = np.full(
        max([step.end for step in runbook.steps], default=0), -1
    )  # id -> number, -1 where none is there
    parts, died, alive, there, number = [], [], [], 0, 0
    for place, step in enumerate(runbook.steps):
        ids, where = slice(step.start, step.end), f"{runbook.where}: step {place + 1}"
        if step.operation in (DELETE, REPLACE):
            _check_there(number_of[ids], step, where)
            died.append((number_of[ids].copy(), place))
            there -= step.end - step.start
        if step.operation == INSERT:
            _check_new(number_of[ids], step, where)
        if step.operation in (INSERT, REPLACE):
            number_of[ids] = np.arange(number, number + step.end - step.start)
            parts.append((order[step.vectors], np.arange(step.start, step.end), place))
            number, there = number + step.end - step.start, there + step.end - step.start
        if step.operation == DELETE:
            number_of[ids] = -1
        _check_searchable(runbook, step, there, where)
        alive.append(there)
    return _history(runbook, parts, died, alive)


def _history(runbook: Runbook, parts: list, died: list, alive: list[int]) -> History:
    if not any(step.operation == SEARCH for step in runbook.steps):
        raise InputError(f"{runbook.where}: has no step that searches; nothing could be measured")
    rows, tags = (np.concatenate([part[column] for part in parts]).astype(np.int64) for column in (0, 1))
    born = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    ends = np.full(len(rows), len(runbook.steps))
    for numbers, place in died:
        ends[numbers] = place
    return History(runbook, rows, tags, born, ends, np.array(alive))


def _check_ids(runbook: Runbook, count: int, name: str) -> None:
    for place, step in enumerate(runbook.steps):
        if step.operation in (INSERT, REPLACE) and step.vectors.stop > count:
            what = f"{runbook.where}: step {place + 1}: {step.operation} names vector {step.vectors.stop - 1:,}"
            raise InputError(f"{what}; {name} has {count:,} rows, 0 to {count - 1:,}")


def _check_new(numbers: np.ndarray, step: Step, where: str) -> None:
    if (numbers >= 0).any():
        wrong = step.start + int((numbers >= 0).argmax())
        raise InputError(f"{where}: inserts id {wrong:,}, which is there already; delete or replace it")


def _check_there(numbers: np.ndarray, step: Step, where: str) -> None:
    if (numbers < 0).any():
        wrong = step.start + int((numbers < 0).argmax())
        raise InputError(f"{where}: {step.operation}s id {wrong:,}, which is not there")


def _check_searchable(runbook: Runbook, step: Step, there: int, where: str) -> None:
    if step.operation == SEARCH and not there:
        raise InputError(f"{where}: searches though no row is there")
    if runbook.most and there > runbook.most:
        raise InputError(f"{where}: {there:,} rows are there, more than max_pts, {runbook.most:,}")
