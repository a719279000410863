"""The one door to MXNet: what must be set before its import, and contexts from ``--gpus``."""

import sys
import warnings

import numpy as np

# MXNet 1.9.1 reads the name np.bool, which NumPy 1.24 took away, at import and at run time (comparisons of mx.np).
if "bool" not in np.__dict__:
    np.bool = np.bool_

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecations inside MXNet and GluonCV that no user can act on
    import mxnet as mx
    from mxnet import autograd, gluon, nd

    # GluonCV refuses to be imported where torch >= 2 is installed, though it would only look at its version.
    _torch = sys.modules.get("torch")
    sys.modules["torch"] = None
    import gluoncv.model_zoo as gluoncv_zoo

    del sys.modules["torch"]
    if _torch is not None:
        sys.modules["torch"] = _torch

from datasets.errors import InputError

__all__ = ["autograd", "contexts", "gluon", "gluoncv_zoo", "mx", "nd", "seed"]


def contexts(gpus: str) -> list[mx.Context]:
    """The devices that ``--gpus`` names: "" is the CPU, "0" or "0,1" are GPUs.

    Raises InputError where a GPU is asked for that this machine or this build of MXNet does not have.
    """
    if not gpus.strip():
        return [mx.cpu()]
    try:
        ids = [int(part) for part in gpus.split(",")]
    except ValueError:
        raise InputError(f"--gpus={gpus}: give device numbers such as 0 or 0,1, or leave it out for the CPU") from None
    if len(set(ids)) < len(ids) or min(ids) < 0:
        raise InputError(f"--gpus={gpus}: device numbers must differ and not be negative")
    found = _count_gpus()
    if max(ids) >= found:
        raise InputError(f"--gpus={gpus}: {_why_no_gpu(found)}; or leave --gpus out to run on the CPU")
    return [mx.gpu(i) for i in ids]


def seed(number: int) -> None:
    """Seed MXNet's random streams on every device (initialisation, sampling, dropout)."""
    mx.random.seed(number)


def _count_gpus() -> int:
    try:
        return mx.context.num_gpus()
    except mx.base.MXNetError:  # a GPU build on a machine without a working driver
        return 0


def _why_no_gpu(found: int) -> str:
    if not mx.runtime.Features().is_enabled("CUDA"):
        return "this MXNet is built for the CPU; on a machine with an NVIDIA GPU install the GPU build: pip install -e '.[gpu]'"
    return f"this machine shows {found} GPU(s) to MXNet; check the driver with nvidia-smi"
