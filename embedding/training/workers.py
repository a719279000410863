"""The processes that train one network together, its workers: which of them this one is, and how gradients are summed.

They are many where the key-value store is one of MXNet's distributed ones. Then each runs the same command, with the
variables by which MXNet's processes find each other; ``scripts/launch.py`` sets them on one machine.
"""

import logging
import os
from collections.abc import Sequence
from types import TracebackType

from datasets.errors import InputError, RunFailed
from embedding.mx import gluon, mx, nd

# By these MXNet's workers, servers and scheduler find each other.
_VARIABLES = ("DMLC_ROLE", "DMLC_PS_ROOT_URI", "DMLC_PS_ROOT_PORT", "DMLC_NUM_WORKER", "DMLC_NUM_SERVER")

_TOLD = 2**30  # the store's key of what the first worker tells; those of parameters count from 0


class Team:
    """The workers of a training, and this one among them.

    kvstore : name of the key-value store; with any that does not begin with "dist" this process is the only worker

    ``rank`` is from 0 to ``size`` - 1; the first worker alone writes files. As a context it makes the other workers
    say no more than warnings, names them in these and in errors, and lets a worker with an error end without the
    others. Raises InputError where the variables that make a worker are not set, or are
    and the store is none for several.
    """

    def __init__(self, kvstore: str = "device") -> None:
        self._apart = kvstore.startswith("dist")
        missing = [name for name in _VARIABLES if self._apart and name not in os.environ]
        if missing:
            raise InputError(
                f"--kvstore={kvstore}: {missing[0]} is not set; start the workers with"
                " python scripts/launch.py --workers=2 -- scripts/train_margin.py and the flags"
            )
        if not self._apart and os.environ.get("DMLC_ROLE") == "worker":
            raise InputError(f"--kvstore={kvstore}: this is one of several workers; add --kvstore=dist_sync")
        self._store = mx.kv.create(kvstore)
        self.rank, self.size = (self._store.rank, self._store.num_workers) if self._apart else (0, 1)
        self._shared = False

    def __enter__(self) -> "Team":
        if self.rank:
            logging.getLogger().setLevel(logging.WARNING)
            for handler in logging.getLogger().handlers:
                handler.setFormatter(logging.Formatter(f"worker {self.rank}: %(message)s"))
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or not self._apart:
            return
        # Else the process would wait at its end for the others, which wait for its next gradients.
        mx.base.check_call(mx.base._LIB.MXKVStoreSetBarrierBeforeExit(self._store.handle, 0))
        if self.rank and isinstance(error, (InputError, RunFailed)):
            raise type(error)(f"worker {self.rank}: {error}") from None

    def told(self, number: int) -> int:
        """The first worker's ``number``, for which the others wait; once in a process."""
        if not self._apart:
            return number
        value = nd.array([number])
        self._store.broadcast(_TOLD, value, out=value)
        return int(value.asscalar())

    def share(self, params: Sequence[gluon.Parameter]) -> None:
        """Give all workers and devices the values that the first worker has on its first device; once in a process."""
        if self._shared or not self._many(params):
            return
        nd.waitall()
        # Copies, because the store cannot take weights that oneDNN has laid out anew for inference.
        first = [param.list_data()[0].copy() for param in params]
        self._store.broadcast(list(range(len(params))), first, out=[param.list_data() for param in params])
        self._shared = True

    def add_up(self, params: Sequence[gluon.Parameter]) -> None:
        """Put the sum over all workers and devices in place of each gradient of the ``params`` that were shared."""
        if not self._many(params):
            return
        for key, param in enumerate(params):
            if param.grad_req != "null":
                self._store.pushpull(key, param.list_grad(), priority=-key)

    def _many(self, params: Sequence[gluon.Parameter]) -> bool:
        return self._apart or len(params[0].list_ctx()) > 1
