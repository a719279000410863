"""Seek: the search parameter of one index that just reaches a recall, by bisection; and no longer than it can win."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ann_bench.indexes.base import Value

_STEP = 1.04  # between two values that are told apart
_FIRST = 8  # values that the first step goes: about a third more
_STRIDE = 36  # that the longest step goes: four times the value
_DOUBTFUL = 1.3  # a few queries tell the speed of all of them no better than by this factor
_SAME = 1.1  # and all of them, asked once, by this one
_PARTS = 50  # of the way from a grid's smallest to its largest, where they are no whole numbers
_GAIN, _FAR = 0.001, 0.01  # twice the value, and no more recall than this, so far from the goal: it never comes there
_BEYOND = 64  # times the largest value of a default grid


class Probe(Protocol):
    """What a measurement said: recall, and queries a second with the interval that they lie in."""

    recall: float
    qps: float


@dataclass(frozen=True)
class Axis:
    """Values of one search parameter, the others held: the larger it is, the higher the recall and the slower.

    name : "" where there is nothing to tune; then ``values`` is one
    values : those of a default grid; fixed : the other parameters
    near : where to begin; the middle of ``values`` if not given
    """

    name: str
    values: tuple[Value, ...]
    least: Value = 1
    most: Value = 1
    fixed: Mapping[str, Value] | None = None
    near: Value | None = None

    @property
    def start(self) -> Value:
        """The value to begin with."""
        return self.values[len(self.values) // 2] if self.near is None else self.near

    def search(self, value: Value) -> dict[str, Value]:
        """All search parameters."""
        return {**({self.name: value} if self.name else {}), **(self.fixed or {})}

    def ladder(self) -> list[Value]:
        """Every value that may be tried, from the least to the most: about 4 % apart, and whole where the grid's are.

        Others, which may begin at 0, lie at equal distances, from the grid's smallest to four times as far as its last.
        """
        if not self.name:
            return [0]
        if any(isinstance(value, float) for value in self.values):
            step = (max(self.values) - min(self.values)) / _PARTS or abs(self.values[0]) / _PARTS or 1 / _PARTS
            return [float(f"{min(self.values) + part * step:.6g}") for part in range(4 * _PARTS + 1)]
        found, value = [], max(1, int(self.least))
        while value < self.most:
            found.append(value)
            value = max(value + 1, round(value * _STEP))
        return [*found, int(max(self.most, self.least))]


@dataclass(frozen=True)
class Found:
    """What came of seeking.

    search : the parameters of the fastest measurement that reaches the recall; else of that with the highest recall
    reached : whether it does
    reason : why there is nothing better, in a few words
    """

    search: Mapping[str, Value]
    recall: float
    qps: float
    reached: bool
    reason: str = ""


class Hopeless(Exception):
    """Why no value of an axis can win any more, in a few words."""


def axes(
    search: Mapping[str, Sequence[Value]],
    least: Mapping[str, Value],
    count: int,
    *,
    near: Mapping[str, Value] | None = None,
) -> list[Axis]:
    """A default grid's parameters as axes: the first is sought along, for every combination of the others.

    least : the smallest value of each (Index.tunes); count : of vectors, which no parameter needs to be larger than,
        nor than 64 times the largest of the grid
    near : what did elsewhere; its combination comes first, and its value is where the others begin, too
    """
    combinations: list[dict[str, Value]] = [{}]
    names, near = list(search), near or {}
    for name in names[1:]:
        combinations = [{**held, name: value} for value in _middle_first(search[name]) for held in combinations]
    if not names:
        return [Axis("", (0,))]
    first = tuple(sorted(search[names[0]]))
    most = max(first[-1], min(first[-1] * _BEYOND, max(count, 1)))
    combinations.sort(key=lambda held: any(near.get(name) != value for name, value in held.items()))
    return [Axis(names[0], first, least.get(names[0], 1), most, held, near.get(names[0])) for held in combinations]


def _middle_first(values: Sequence[Value]) -> list[Value]:
    """The values that are likely to win before those at the ends, so that these have to beat something."""
    middle = (len(values) - 1) / 2
    return sorted(values, key=lambda value: abs(list(values).index(value) - middle))


def first(reaches: Callable[[int], bool], *, start: int, step: int, count: int) -> int | None:
    """The first of ``count`` places that reaches, where all after it do, too; None where none does.

    It goes from ``start`` in steps that double, up to a stride, and halves what is between.
    """
    low, high, at = -1, count, start  # the last place that is known not to reach, the first that is known to
    while high - low > 1:
        low, high = (low, at) if reaches(at) else (at, high)
        if low == -1:
            at, step = max(0, high - step), min(2 * step, _STRIDE)
        elif high == count:
            at, step = min(count - 1, low + step), min(2 * step, _STRIDE)
        else:
            at = (low + high) // 2
    return high if high < count else None


Measure = Callable[[Mapping[str, Value], str], Probe]  # (search, how much: "few", "once" or "whole")


class Seeker:
    """Seeks along the axes of one index.

    measure : called with "few" for a part of the queries, "once" for more of them, "whole" for a point that is kept
    goal : the recall to reach
    bound : queries a second of the best that is known; what is slower is not looked at any further
    """

    def __init__(self, measure: Measure, *, goal: float, bound: float = 0.0) -> None:
        self._measure, self.goal, self.bound = measure, goal, bound
        self._seen: dict[tuple[str, tuple], Probe] = {}
        self.closest = Found({}, -1.0, 0.0, False)

    def along(self, axes: Sequence[Axis], *, whole: bool = True) -> Found:
        """The best of all axes; where ``whole`` is False, no point is measured with all queries and runs."""
        best: Found | None = None
        reasons = []
        for axis in axes:
            try:
                found = self._one(axis, whole)
            except Hopeless as why:
                reasons.append(str(why))
                continue
            if found is None:
                reasons.append(self._unreached(self.closest.recall))
            elif best is None or found.qps > best.qps:
                best = found
                self.bound = max(self.bound, found.qps)
        if best is not None:
            return best
        slower = [reason for reason in reasons if reason.startswith("slower")]
        return replace(self.closest, reason=slower[0] if slower else self._unreached(self.closest.recall))

    def _one(self, axis: Axis, whole: bool) -> Found | None:
        ladder = axis.ladder()
        guess = min(range(len(ladder)), key=lambda place: abs(ladder[place] - axis.start))
        place: int | None = guess
        for part, step, doubt in (("few", _FIRST, _DOUBTFUL), ("once", 1, _SAME)):
            self._levels: dict[Value, float] = {}
            self._up = True
            place = first(
                lambda at, part=part, doubt=doubt: self._reaches(axis, ladder[at], part, doubt),
                start=place, step=step, count=len(ladder),
            )  # fmt: skip
            if place is None:
                return None
            search = axis.search(ladder[place])
            self._check(found := self._probe(search, part), doubt, Found(search, found.recall, found.qps, False))
        if not whole:
            return self._found(axis.search(ladder[place]), "once")
        return self._kept(axis, ladder, place)

    def _kept(self, axis: Axis, ladder: Sequence[Value], place: int) -> Found | None:
        """The point itself; the next ones where all the queries say otherwise than most of them."""
        for at in range(place, min(place + 12, len(ladder))):
            probe = self._probe(axis.search(ladder[at]), "whole")
            if probe.recall >= self.goal:
                return self._found(axis.search(ladder[at]), "whole")
            self._check(probe, _SAME)
        return None

    def _found(self, search: Mapping[str, Value], part: str) -> Found:
        probe = self._probe(search, part)
        return Found(search, probe.recall, probe.qps, True)

    def _reaches(self, axis: Axis, value: Value, part: str, doubt: float) -> bool:
        """Whether a value reaches the goal; raises Hopeless where it does not, and those that do are too slow."""
        probe = self._probe(axis.search(value), part)
        if probe.recall >= self.goal:
            self._up = False  # from here on it is looked for below
            return True
        self._check(probe, doubt)
        for less, recall in self._levels.items():
            if self._up and 2 * less <= value and probe.recall - recall < _GAIN and self.goal - probe.recall > _FAR:
                raise Hopeless(self._unreached(probe.recall))
        self._levels[value] = probe.recall
        return False

    def _unreached(self, recall: float) -> str:
        return f"does not reach {self.goal:g}, only {recall:.3f}"

    def _check(self, probe: Probe, doubt: float, closest: Found | None = None) -> None:
        if probe.qps * doubt < self.bound:
            self.closest = closest or self.closest
            times = self.bound / max(probe.qps, 1e-9)
            at = "" if probe.recall >= self.goal else f" at a recall of {probe.recall:.3f} already"
            raise Hopeless(f"slower by {_times(times)}{at}")

    def _probe(self, search: Mapping[str, Value], part: str) -> Probe:
        key = part, tuple(sorted(search.items()))
        if key not in self._seen:
            self._seen[key] = self._measure(search, part)
        probe = self._seen[key]
        if part != "few" and probe.recall > self.closest.recall or self.closest.recall < 0:
            self.closest = Found(search, probe.recall, probe.qps, False)
        return probe


def _times(times: float) -> str:
    """ "12 %" or "3.4 times" """
    return f"{(times - 1) * 100:.0f} %" if times < 1.995 else f"{times:.2g} times"
