"""Search: families on a sample first, the best of them in full, an optimiser inside these; and nothing that cannot win.

Successive halving (Jamieson and Talwalkar, AISTATS 2016) over samples that grow, where what is known of growth tells
what a sample would be as a whole; then, family by family, tree-structured Parzen estimators over its builds.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ann_bench.results import extrapolate
from ann_bench.results.families import family
from ann_bench.tuning import promise, sample, spaces
from ann_bench.tuning.journal import Outcome
from ann_bench.tuning.optimiser import Optimiser
from ann_bench.tuning.promise import Promise
from ann_bench.tuning.trials import Candidate, Trials
from ann_bench.units import in_time, significant
from datasets.errors import InputError

_NO_TIME = "did not fit into the time"
_START = 5.0  # seconds until a build over all and its search have begun, unless a sample was quicker
_FIRST = 3 * _START  # that the first build over all may take, whatever is left: else nothing would be told
FOR_WHOLE = 0.4  # of the budget is left to builds over all, whatever samples are not compared by then
_KEPT = 3  # one of so many goes on from a sample to the next
_LEAST = 6  # that go on at least
_FAMILIES, _NEAR = 3, 1.5  # whose builds are varied: so many, no more than so many times as slow as the best
_ASKED = 4  # builds tried at once, in one worker
_ROUNDS = 3  # of these without anything better, and a family is done
BETTER = 1.03  # times the best: what is promised less than that is not worth a build


class Search:
    """Decides what is tried next. All that it knows stands in the journal: run again, it decides the same."""

    def __init__(self, trials: Trials, candidates: Sequence[Candidate], say: Callable[[str], None]) -> None:
        self.trials, self.candidates, self.say = trials, list(candidates), say
        self.options, self.count = trials.options, trials.count
        self.begun, self.spent = time.monotonic(), trials.journal.seconds
        self.sampled: dict[tuple[str, str], Outcome] = {}
        self.full: dict[tuple[str, str], Outcome] = {}
        self.skipped: dict[tuple[str, str], str] = {}  # why it was not tried in full
        self.samples = [] if trials.track else sample.sizes(self.count)

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return self.options.budget_seconds() - self.spent - (time.monotonic() - self.begun)

    @property
    def best(self) -> Outcome | None:
        """The fastest in full that reaches the recall."""
        good = [one for one in self.full.values() if one.reached]
        return max(good, key=lambda one: one.qps, default=None)

    @property
    def bound(self) -> float:
        """Queries a second that are to be beaten."""
        return self.best.qps if self.best else 0.0

    def run(self) -> None:
        """Search, until nothing is left that could win, or the time is over."""
        alive = promise.likely(self.candidates, self.trials.vector_set, self.trials.run_options)
        for rows in self.samples:
            alive = self._compared(rows, alive)
        self._built(alive)
        for name in self._families():
            self._varied(name)
        self._left_out()

    @property
    def measured(self) -> bool:
        """Whether anything was measured over all."""
        return any(one.qps for one in self.full.values())

    @property
    def no_time(self) -> set[tuple[str, str]]:
        """What was left out for want of time."""
        return {key for key, why in self.skipped.items() if why == _NO_TIME}

    def _left_out(self) -> None:
        """Build over all what there was no time to compare, as long as there is some; the exact search first."""
        left = [one for one in self.candidates if (one.index, one.build) in self.no_time]
        for one in sorted(left, key=lambda one: one.index != "flat"):
            if self.left > _START:
                self._in_full(one)

    def _compared(self, rows: int, alive: Sequence[Candidate]) -> list[Candidate]:
        """Those that go on from a sample: the best by what they would come to as a whole."""
        self.say(f"comparing {len(alive)} builds on {self._sample(rows)}")
        self._on_sample(rows, alive, least=self.options.budget_seconds() * FOR_WHOLE)
        promised = {one: self._promise(one) for one in alive}
        good = sorted((one for one in alive if promised[one]), key=lambda one: -promised[one].qps)
        best_low = max((promised[one].low for one in good), default=0.0)
        more = max(_LEAST, len(alive) // _KEPT)
        going = [one for place, one in enumerate(good) if place < more and promised[one].high >= best_low]
        for one in alive:
            if one not in going:
                self.skipped[one.index, one.build] = self._why_not(
                    one, promised[one], promised.get(good[0] if good else one)
                )
        return going

    def _sample(self, rows: int) -> str:
        return f"a sample of {rows:,}" if rows < self.count else f"all {rows:,}"

    def _on_sample(self, rows: int, candidates: Sequence[Candidate], *, least: float) -> None:
        """Try them, as long as ``least`` seconds are left."""
        patience = {"seconds": max(10.0, self.options.budget_seconds() / 20), "over": lambda: self.left < least}
        for one in self.trials.on_sample(rows, candidates, note=self._tell_sample, **patience):
            self.sampled[one.index, one.meant] = one

    def _tell_sample(self, one: Outcome) -> None:
        self.say(f"  {one.title}: {', '.join(word for word in (one.figures, one.reason) if word)}")

    def _promise(self, one: Candidate) -> Promise | None:
        """What the build would come to over all; None where it does not reach the recall on a sample."""
        known = self.sampled.get((one.index, one.build))
        if known is None or not known.reached:
            return None
        built = [one for one in self.full.values() if one.reached and one.family == known.family]
        pairs = [(one, self.sampled[key]) for one in built if (key := (one.index, one.meant)) in self.sampled]
        return promise.of(known, self.count, [pair for pair in pairs if pair[1].reached])

    def _why_not(self, one: Candidate, promise: Promise | None, first: Promise | None) -> str:
        known = self.sampled.get((one.index, one.build))
        if promise is None or first is None:
            return f"on {self._sample(known.rows)}: {known.reason}" if known else _NO_TIME
        promises = "its sample promises about" if known.rows < self.count else "its first measurement:"
        return f"{promises} {significant(promise.qps)} QPS, the best one's {significant(first.qps)}"

    def _built(self, alive: Sequence[Candidate]) -> None:
        """Build over all, the most promising first, whatever may still win."""
        left = list(alive)
        while left:
            order = {one: promise.qps if (promise := self._promise(one)) else 0.0 for one in left}
            one = max(left, key=lambda one: order[one])
            left.remove(one)
            self._in_full(one)

    def _in_full(self, one: Candidate) -> Outcome | None:
        """Build it over all and seek in it, unless it cannot win or there is no time; a line says what came of it."""
        key, promise = (one.index, one.build), self._promise(one)
        if key in self.full:
            return self.full[key]
        if (
            refusal := self._refusal(one.index, promise)
            if self.trials.journal.get(self.count, *key, full=True) is None
            else ""
        ):
            self.skipped[key] = refusal
            self.say(f"not built: {one.index} {one.build}: {refusal}")
            return None
        least = _START if self.full else _FIRST
        seconds = min(self.options.build_seconds() or math.inf, max(self.left, least))
        near = self.sampled[key].search if key in self.sampled else {}
        if near and promise:
            known = self.sampled[key]
            near = extrapolate.searched(known.index, known.build, near, known.rows, self.count)
        before = self.best
        found = self.trials.in_full(replace(one, near=near), bound=self.bound, seconds=seconds)
        self.full[key] = found
        self.skipped.pop(key, None)
        self._keep_best(before, found)
        word = "best so far" if self.best is found else found.reason or f"slower than {significant(self.bound)} QPS"
        told = ", ".join(part for part in (found.figures, word) if part)
        self.say(f"{found.title}: {told}; {in_time(max(self.left, 0))} left")
        return found

    def _begins(self, index: str) -> float:
        """Seconds that a build over all takes besides building: two processes, and more queries than on a sample."""
        took = [one.seconds - one.build_seconds for one in self.sampled.values() if one.index == index]
        return min(_START, 3 * max(took, default=_START))

    def _refusal(self, index: str, promise: Promise | None) -> str:
        """Why a build is not even begun; or nothing."""
        if promise and promise.high < self.bound * BETTER:
            about = f"about {significant(promise.qps)} QPS and at most {significant(promise.high)}"
            return f"its sample promises {about}, {significant(self.bound)} were found"
        expected = promise.build_seconds if promise else 0.0
        limit = self.options.build_seconds()
        if limit and expected > 2 * limit:
            return f"building it takes about {in_time(expected)}, --build={self.options.build}"
        first = promise and not self.full  # something is to be told, even where samples took all the time
        if expected + self._begins(index) > max(self.left, _FIRST if first else 0.0):
            return _NO_TIME
        return ""

    def _keep_best(self, before: Outcome | None, found: Outcome) -> None:
        """Only the index of the best stays on disk."""
        lost = before if self.best is found else found
        if lost and lost is not self.best:
            saved = self.trials.saved(lost)
            if saved.exists and not saved.kept:
                saved.remove()

    def _families(self) -> list[str]:
        """Those whose builds are worth varying: the best in full."""
        best: dict[str, float] = {}
        for one in self.full.values():
            if one.reached or one.reason.startswith("slower"):
                best[one.family] = max(best.get(one.family, 0.0), one.qps)
        near = [name for name, qps in best.items() if qps * _NEAR >= self.bound]
        return sorted(near, key=lambda name: -best[name])[:_FAMILIES]

    def _varied(self, name: str) -> None:
        """Vary the builds of a family on the largest sample, and build over all what promises more than the best."""
        known = [one for one in self.full.values() if one.family == name]
        first = max(known, key=lambda one: one.qps)
        grid = next(one.search for one in self.candidates if family(one.index, one.build) == name)
        space = spaces.of(first.index, first.meant, self.trials.vector_set.dim)
        if not space.values:
            return
        try:
            optimiser = Optimiser(space, seed=self.options.seed)
        except InputError as error:
            return self.say(f"the builds of {name} are not varied: optuna is {error}")
        for one in (self.sampled if self.samples else self.full).values():
            if one.family == name:
                optimiser.tell(one.meant, qps=one.qps, recall=one.recall, reached=one.reached)
        self.say(f"varying {name}: {', '.join(space.values)}")
        for _ in range(_ROUNDS):
            builds = optimiser.ask(_ASKED)
            if not builds or self.left < _START:
                break
            before = self.bound
            self._round(optimiser, [Candidate(first.index, build, grid) for build in builds])
            if self.bound <= before * BETTER and self.left < self.options.budget_seconds() / 2:
                break

    def _round(self, optimiser: Optimiser, tried: Sequence[Candidate]) -> None:
        """Try some builds; on a sample where there is one."""
        if not self.samples:
            for one in tried:
                self._in_full(one)
                if found := self.full.get((one.index, one.build)):
                    optimiser.tell(one.build, qps=found.qps, recall=found.recall, reached=found.reached)
            return
        self._on_sample(self.samples[-1], tried, least=_START)
        for known in (self.sampled[key] for one in tried if (key := (one.index, one.build)) in self.sampled):
            optimiser.tell(known.meant, qps=known.qps, recall=known.recall, reached=known.reached)
        promised = {one: promise for one in tried if (promise := self._promise(one))}
        best = max(promised, key=lambda one: promised[one].qps, default=None)
        for one in tried:
            if one is not best:
                self.skipped[one.index, one.build] = self._why_not(one, promised.get(one), promised.get(best))
        if best:
            self._in_full(best)
