"""Optimiser: which builds of a family to try next, by what the last ones came to; Optuna's TPE behind it."""

import math
import warnings
from typing import Any

from ann_bench.tuning.spaces import Space
from datasets.errors import InputError


class Optimiser:
    """Bergstra et al., Algorithms for Hyper-Parameter Optimization, NeurIPS 2011, over the numbers of one space."""

    def __init__(self, space: Space, *, seed: int) -> None:
        """Raises InputError where Optuna is not installed."""
        self.space, self._optuna = space, library()
        sampler = self._optuna.samplers.TPESampler(seed=seed, n_startup_trials=5, multivariate=True, constant_liar=True)
        self._study = self._optuna.create_study(direction="maximize", sampler=sampler)
        self._open: dict[str, Any] = {}
        self._known: set[str] = set()

    def ask(self, count: int) -> list[str]:
        """At most so many builds that were not tried yet; none where there are no more."""
        found: list[str] = []
        for _ in range(8 * count):
            trial = self._study.ask()
            build = self.space.build(
                {name: values[trial.suggest_int(name, 0, len(values) - 1)] for name, values in self._ranges()}
            )
            if build in self._known:  # it costs nothing to say so
                self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
                continue
            self._known.add(build)
            self._open[build] = trial
            found.append(build)
            if len(found) == count:
                break
        return found

    def tell(self, build: str, *, qps: float, recall: float, reached: bool) -> None:
        """What a build came to: the faster the better; without the recall worse than any that has it."""
        value = math.log(qps) if reached and qps > 0 else recall - 1000
        if build in self._open:
            self._study.tell(self._open.pop(build), value)
            return
        self._known.add(build)
        places = {name: self._place(name, build) for name, _ in self._ranges()}
        if None not in places.values():
            spread = {
                name: self._optuna.distributions.IntDistribution(0, len(values) - 1) for name, values in self._ranges()
            }
            self._study.add_trial(self._optuna.trial.create_trial(params=places, distributions=spread, value=value))

    def _ranges(self) -> list[tuple[str, Any]]:
        return list(self.space.values.items())

    def _place(self, name: str, build: str) -> int | None:
        """Where the number of a build stands among the values of the space; None where the build is none of them."""
        numbers = self.space.numbers(build)
        values = list(self.space.values[name])
        return values.index(numbers[name]) if numbers and numbers[name] in values else None


def library() -> Any:
    """Optuna, quiet; raises InputError where it is not installed."""
    try:
        import optuna
    except ImportError:
        raise InputError("not installed; pip install -c constraints.txt -e '.[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna
