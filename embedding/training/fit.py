"""The training loop, the only one: a generator that yields after every epoch."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tqdm import tqdm

from datasets.errors import InputError, RunFailed
from embedding.batches.loader import Batch
from embedding.losses.base import EmbeddingLoss
from embedding.mx import autograd, gluon, mx, nd
from embedding.training.workers import Team

log = logging.getLogger(__name__)


# MXNet's multi_all_finite writes past its end, without a word, when it gets more than 200 arrays.
_MOST_ARRAYS = 200


class Diverged(RunFailed):
    """The loss or a weight is no longer a finite number; what was saved before is still good."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: its number from 1, the mean loss of its steps, images a second, and seconds."""

    number: int
    loss: float
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class Schedule:
    """The learning rate of an epoch: ``lr``, multiplied by ``factor`` after each epoch named in ``steps``.

    cosine : where not 0, the number of epochs over which the rate falls to 0 along half a cosine instead
    """

    lr: float
    steps: tuple[int, ...] = ()
    factor: float = 0.5
    cosine: int = 0

    def decay(self, epoch: int) -> float:
        """What the rate of epoch 1, 2, ... is multiplied by."""
        if self.cosine:
            return (1 + math.cos(math.pi * min(epoch - 1, self.cosine) / self.cosine)) / 2
        return self.factor ** sum(epoch > step for step in self.steps)

    def at(self, epoch: int) -> float:
        """The rate of epoch 1, 2, ..."""
        return self.lr * self.decay(epoch)


class Optimizers:
    """The trainer of the network and, where the loss has parameters and a rate of its own, that of the loss.

    Parameters keep their own ``lr_mult`` and ``wd_mult``. Both take their gradients summed over all devices and
    workers; what has no gradient (batch norm's running means, centres) is each worker's own.

    clip : largest norm of the network's gradients together; None for any
    momentum : of sgd and nag
    adds_up : whether a step may come in several batches, whose gradients are added up
    team : the workers that train together; this process alone if not given
    """

    def __init__(
        self,
        net: gluon.Block,
        loss: EmbeddingLoss,
        *,
        optimizer: str = "adam",
        wd: float = 0.0,
        clip: float | None = None,
        momentum: float = 0.9,
        adds_up: bool = False,
        team: Team | None = None,
    ) -> None:
        self._team = team or Team()
        # Lists, because Trainer would sort a dictionary by names, which count the layers made in this process so far:
        # saved states would then not fit the same network made later.
        params, own_params = list(net.collect_params().values()), list(loss.collect_params().values())
        self._all = params + own_params
        self._own_rate, self._own_stays = loss.learning_rate, loss.optimizer is not None
        self._clip = clip
        self.trainers: list[gluon.Trainer] = []
        if self._own_rate is None:
            params += own_params
        self._params = [param for param in params if param.grad_req != "null"]
        self._added = [param for param in self._all if param.grad_req != "null"] if adds_up else []
        for param in self._added:
            param.grad_req = "add"
        momentous = {"momentum": momentum} if optimizer in ("sgd", "nag") else {}
        self.trainers.append(_trainer(params, optimizer, {"learning_rate": 0.0, "wd": wd, **momentous}))
        if self._own_rate is not None and own_params:
            own = {"learning_rate": self._own_rate, "wd": 0.0 if self._own_stays else wd}
            own_params = [param for param in own_params if param.grad_req != "null"]
            self.trainers.append(_trainer(own_params, loss.optimizer or optimizer, own))

    @property
    def workers(self) -> int:
        """How many processes train together."""
        return self._team.size

    def share(self) -> None:
        """Start all workers and devices from the values of the first."""
        self._team.share(self._all)

    def follow(self, schedule: Schedule, epoch: int) -> None:
        """Set the learning rates of epoch 1, 2, ...: the network's, and with it the loss's own unless that stays."""
        self.trainers[0].set_learning_rate(schedule.at(epoch))
        for trainer in self.trainers[1:]:  # a restored trainer comes back with the rate that it was saved with
            trainer.set_learning_rate(self._own_rate * (1 if self._own_stays else schedule.decay(epoch)))

    def step(self, devices: int) -> None:
        """One update from the gradients of each worker's ``devices``, each of a mean over its share of the batch."""
        parts = devices * self._team.size
        self._team.add_up(self._all)
        if self._clip is not None:
            for i, _ in enumerate(self._params[0].list_ctx()):
                gradients = [param.list_grad()[i] for param in self._params]
                gluon.utils.clip_global_norm(gradients, self._clip * parts, check_isfinite=False)
        for trainer in self.trainers:
            trainer.update(parts)
        for param in self._added:
            param.zero_grad()


def _trainer(params: list[gluon.Parameter], optimizer: str, settings: dict) -> gluon.Trainer:
    if optimizer not in mx.optimizer.Optimizer.opt_registry:
        known = ", ".join(sorted(mx.optimizer.Optimizer.opt_registry))
        raise InputError(f"--optimizer={optimizer}: unknown to MXNet; known are {known}")
    if optimizer in ("sgd", "nag"):
        settings = {"momentum": 0.9, **settings}
    # Without a store: gradients are summed, all in one place, and clipped before they come here.
    return gluon.Trainer(params, optimizer, settings, kvstore=None)


def fit(
    net: gluon.Block,
    loss: EmbeddingLoss,
    batches: Callable[[int], Iterable[Batch]],
    *,
    optimizers: Optimizers,
    schedule: Schedule,
    epochs: int,
    contexts: list[mx.Context],
    first: int = 1,
    seed: int = 0,
    log_interval: int = 0,
    progress: bool = False,
) -> Iterator[Epoch]:
    """Train ``net`` and ``loss`` on ``batches(epoch)``, and yield an ``Epoch`` after each.

    The contract between the three is ``loss(*net(*batch.inputs), *batch.targets)``, where a net with one output need
    not give a tuple. A batch is split over ``contexts``. Chance depends on ``seed`` and the epoch alone, so that
    starting again at epoch ``first`` from what was saved before it gives the same weights as never having stopped.

    Where workers train together, each has its own part of every batch in ``batches`` and its own ``seed``; an epoch's
    loss is that of this worker's part.

    Raises Diverged where a loss, or a weight after an epoch, is not finite.
    """
    optimizers.share()
    for number in range(first, epochs + 1):
        mx.random.seed((seed * 1_000_003 + number) % 2**31)
        optimizers.follow(schedule, number)
        loss.begin(number)
        yield _epoch(net, loss, batches(number), number, optimizers, contexts, log_interval, progress)


def _epoch(
    net: gluon.Block,
    loss: EmbeddingLoss,
    batches: Iterable[Batch],
    number: int,
    optimizers: Optimizers,
    contexts: list[mx.Context],
    log_interval: int,
    progress: bool,
) -> Epoch:
    start, images, losses, complete = time.perf_counter(), 0, [], True
    waiting: list[nd.NDArray] = []
    with tqdm(batches, desc=f"epoch {number}", unit="batch", disable=not progress, leave=False) as bar:
        for batch in bar:
            step, complete = _step(net, loss, batch, contexts), batch.ends_step
            if complete:
                optimizers.step(len(contexts))
            # The device works on this step while the loss of the one before is read: reading this one would stall it.
            losses += _read(waiting, number)
            waiting = step
            images += len(batch.targets[0]) * optimizers.workers
            if losses:
                state = f"loss {losses[-1]:.4f}, {images / (time.perf_counter() - start):.0f} images/s"
                bar.set_postfix_str(state)
                if log_interval and len(losses) % log_interval == 0:
                    log.info("epoch %d, batch %d: %s", number, len(losses), state)
    if not complete:  # what should have ended the last step could not be read
        optimizers.step(len(contexts))
    losses += _read(waiting, number)
    _check_finite(net, number)
    nd.waitall()
    seconds = time.perf_counter() - start
    return Epoch(number, sum(losses) / len(losses), images / seconds, seconds)


def _step(net: gluon.Block, loss: EmbeddingLoss, batch: Batch, contexts: list[mx.Context]) -> list[nd.NDArray]:
    """Forward and backward; the loss on every device, not yet computed when this returns."""
    inputs = zip(*(gluon.utils.split_and_load(x, contexts) for x in batch.inputs), strict=True)
    targets = zip(*(gluon.utils.split_and_load(y, contexts) for y in batch.targets), strict=True)
    values = []
    with autograd.record():
        for x, y in zip(inputs, targets, strict=True):
            out = net(*x)
            values.append(loss(*(out if isinstance(out, (list, tuple)) else (out,)), *y))
    autograd.backward(values)
    return values


def _read(waiting: list[nd.NDArray], epoch: int) -> list[float]:
    """The mean over devices of a step's loss, in a list; empty where there was no step."""
    if not waiting:
        return []
    mean = sum(float(value.asscalar()) for value in waiting) / len(waiting)
    if not math.isfinite(mean):
        raise Diverged(f"the loss became {mean} in epoch {epoch}")
    return [mean]


def _check_finite(net: gluon.Block, epoch: int) -> None:
    arrays = [param.list_data()[0] for param in net.collect_params().values()]
    for start in range(0, len(arrays), _MOST_ARRAYS):
        part = arrays[start : start + _MOST_ARRAYS]
        if not nd.multi_all_finite(*part, num_arrays=len(part)).asscalar():
            raise Diverged(f"a weight is no longer finite after epoch {epoch}")
