"""The one door to MXNet: what must be set before its import, and contexts from ``--gpus``."""

import ctypes
import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

# MXNet 1.9.1 reads the name np.bool, which NumPy 1.24 took away, at import and at run time (comparisons of mx.np).
if "bool" not in np.__dict__:
    np.bool = np.bool_

# The CUDA 11 libraries of the GPU build, from NVIDIA's wheels, each after those it needs.
_CUDA_LIBRARIES = (
    "cuda_runtime/lib/libcudart.so.11.0",
    "nvtx/lib/libnvToolsExt.so.1",
    "cuda_nvrtc/lib/libnvrtc.so.11.2",
    "cublas/lib/libcublasLt.so.11",
    "cublas/lib/libcublas.so.11",
    "cusparse/lib/libcusparse.so.11",
    "cufft/lib/libcufft.so.10",
    "curand/lib/libcurand.so.10",
    "cusolver/lib/libcusolver.so.11",
    "nccl/lib/libnccl.so.2",
    "cudnn/lib/libcudnn.so.8",
)


def _preload_cuda() -> None:
    """Load NVIDIA's wheels, where they are installed, so that MXNet finds its CUDA without a system-wide one."""
    spec = importlib.util.find_spec("nvidia")
    for folder in (Path(found) for found in spec.submodule_search_locations or ()) if spec else ():
        for library in _CUDA_LIBRARIES:
            if (folder / library).exists():
                ctypes.CDLL(str(folder / library), mode=ctypes.RTLD_GLOBAL)


_preload_cuda()

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecations inside MXNet and GluonCV that no user can act on
    try:
        import mxnet as mx
    except OSError as error:
        line = f"MXNet cannot be loaded ({error}); its GPU build needs NVIDIA's driver, else install .[cpu]"
        raise ImportError(line) from None
    from mxnet import autograd, gluon, nd

    # GluonCV refuses to be imported where torch >= 2 is installed, though it would only look at its version.
    _torch = sys.modules.get("torch")
    sys.modules["torch"] = None
    import gluoncv.model_zoo as gluoncv_zoo

    del sys.modules["torch"]
    if _torch is not None:
        sys.modules["torch"] = _torch

from datasets.cluster import place  # noqa: E402
from datasets.errors import InputError  # noqa: E402

__all__ = ["Array", "autograd", "bound_plans", "contexts", "gluon", "gluoncv_zoo", "mx", "nd"]

# What a hybrid_forward works on: an NDArray, or a Symbol while its block is compiled. They share no class, and their
# operators' types are unknown to type checkers.
Array = Any

# Compute capabilities that the GPU build of MXNet 1.9.1 has code for; it holds nothing that newer GPUs could translate.
_OLDEST, _NEWEST = (5, 0), (8, 9)


_PLANS = "MXNET_MKLDNN_CACHE_NUM"
_MOST_PLANS = 1000  # of layers of one kind: six shapes of ResNet152, of which each takes some 20 MB at 1024 pixels


def bound_plans() -> None:
    """Have this process keep few plans of how to compute a layer, where it keeps one for each shape of pictures.

    It reads that once, at its first convolution, and says so in a line of its own, which nobody is to see: so that
    is here. To be called before any network sees a picture; later it does nothing.
    """
    if _PLANS in os.environ:
        return
    os.environ[_PLANS] = str(_MOST_PLANS)
    sys.stderr.flush()
    shown, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        nd.Convolution(
            nd.zeros((1, 1, 3, 3)), nd.zeros((1, 1, 3, 3)), no_bias=True, kernel=(3, 3), num_filter=1
        ).asnumpy()
    finally:
        os.dup2(shown, 2)
        os.close(shown)
        os.close(nowhere)


def contexts(gpus: str) -> list[mx.Context]:
    """The devices that ``--gpus`` names: "" is the CPU, "0" or "0,1" are GPUs.

    Raises InputError where a GPU is asked for that this machine or this build of MXNet does not have.
    """
    ids = place.devices(gpus)
    if not ids:
        return [mx.cpu()]
    found = _count_gpus()
    if max(ids) >= found:
        raise InputError(f"--gpus={gpus}: {_why_no_gpu(found)}; or leave --gpus out to run on the CPU")
    _check_capability(gpus, ids)
    return [mx.gpu(i) for i in ids]


def _count_gpus() -> int:
    try:
        return mx.context.num_gpus()
    except mx.base.MXNetError:  # a GPU build on a machine without a working driver
        return 0


def _why_no_gpu(found: int) -> str:
    if not mx.runtime.Features().is_enabled("CUDA"):
        return "this MXNet is built for the CPU; where there is an NVIDIA GPU, pip install -e '.[gpu]' in a new .venv"
    return f"this machine shows {found} GPU(s) to MXNet; check the driver with nvidia-smi"


def _check_capability(gpus: str, ids: list[int]) -> None:
    """Raises InputError for a GPU that MXNet's build has no code for; without nvidia-smi nothing is known."""
    query = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        found = subprocess.run(query, capture_output=True, text=True, check=True, timeout=30).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return
    for i in ids:
        capability = tuple(int(part) for part in found[i].split(".")) if i < len(found) else _OLDEST
        if not _OLDEST <= capability <= _NEWEST:
            raise InputError(
                f"--gpus={gpus}: GPU {i} has compute capability {found[i]}, and MXNet 1.9.1 has code for 5.0 to 8.9"
                " (Maxwell to Ada): use such a GPU, leave --gpus out, or build MXNet from source with MXNET_CUDA_ARCH"
            )
