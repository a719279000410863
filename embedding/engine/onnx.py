"""An ONNX file as an engine: ONNX Runtime computes, on the CPU or on a GPU of any generation, without MXNet."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from datasets.cluster import place
from datasets.errors import InputError
from embedding.engine import facts, safe
from embedding.engine.base import Facts

_CUDA = "CUDAExecutionProvider"
_FLOAT = "tensor(float)"
_QUIET = 3  # of ONNX Runtime's levels of severity: errors
_AT_ONCE = 4  # pictures that a core takes: what more of them need between two layers is too much for its cache


class OnnxEngine:
    """The Engine of an ONNX file that ``scripts/export_onnx.py`` has written.

    path : the file
    gpus : as ``--gpus`` says: "" for the CPU, "0" or "0,1" for GPUs, which share every batch
    threads : of the CPU, which share every batch; 0 for as many as OMP_NUM_THREADS says, or as it may use of its cores

    Raises InputError where ONNX Runtime, the GPU or the file is not there, or the file is none of ours.
    """

    name = "onnx"

    def __init__(self, path: Path, *, gpus: str = "", threads: int = 0) -> None:
        self._sessions = sessions(path, gpus=gpus, threads=1)
        found = facts.from_words(self._sessions[0].get_modelmeta().custom_metadata_map)
        if found is None:
            raise InputError(f"{path}: tells nothing of how it wants its images; write it anew by export_onnx.py")
        self.facts: Facts = found
        # Cores that share every layer wait for each other, spinning; cores that have pictures of their own do not.
        self._at_once = None if gpus.strip() else _AT_ONCE
        self._workers = len(self._sessions) if gpus.strip() else threads or place.cores()
        self._pool = ThreadPoolExecutor(self._workers)
        self._path, self._gpus, self._floats = path, gpus, False

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """What the network makes of RGB images (B, H, W, 3) of 0..255, uint8 or float32: (B, D) float32."""
        self._take(pixels.dtype)
        share = -(-len(pixels) // self._workers)
        at_once = min(share, self._at_once or share)
        return shared(self._sessions, pixels, self.facts.dim, pool=self._pool, at_once=at_once)

    def each(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """The same of at least one pictures (H, W, 3) of any sizes, each alone, and as many at once as cores are."""
        for picture in pictures:
            self._take(picture.dtype)
        if len(pictures) == 1:  # another thread would only be waited for
            return _run(self._sessions[0], pictures[0][None])
        order = sorted(range(len(pictures)), key=lambda i: -pictures[i].size)  # the last one to end is a small one
        turns = [self._sessions[i % len(self._sessions)] for i in range(len(pictures))]
        made = np.concatenate(list(self._pool.map(_run, turns, (pictures[i][None] for i in order))))
        found = np.empty_like(made)
        found[order] = made
        return found

    @cached_property
    def safe(self) -> int:
        """The side of a picture from which on something is left between all layers."""
        return safe.side(self._path)

    def _take(self, dtype: np.dtype) -> None:
        """Have sessions that take pixels of ``dtype``: those of the file take bytes, those of floats both."""
        if dtype != np.uint8 and not self._floats:
            self._sessions = sessions(self._path, gpus=self._gpus, threads=1, floats=True)
            self._floats = True


def shared(
    sessions: Sequence[Any], inputs: np.ndarray, dim: int, *, pool: ThreadPoolExecutor, at_once: int
) -> np.ndarray:
    """What ``sessions``, each on a device of its own, make of ``inputs`` (B, ...) that they share: (B, D) float32.

    pool : threads, as many as shall work at once
    at_once : how many of the inputs a thread takes
    """
    if not len(inputs):
        return np.empty((0, dim), np.float32)
    parts = [inputs[i : i + at_once] for i in range(0, len(inputs), at_once)]
    turns = [sessions[i % len(sessions)] for i in range(len(parts))]
    return np.concatenate(list(pool.map(_run, turns, parts)))


def _run(session: Any, inputs: np.ndarray) -> np.ndarray:
    given = session.get_inputs()[0]
    if given.type == _FLOAT:
        inputs = inputs.astype(np.float32, copy=False)
    return session.run(None, {given.name: np.ascontiguousarray(inputs)})[0]


def run_once(model: bytes, pixels: np.ndarray) -> np.ndarray:
    """What an ONNX file's bytes make of uint8 RGB images (B, H, W, 3) on the CPU, (B, D)."""
    options = _runtime().SessionOptions()
    options.log_severity_level = _QUIET
    return _run(_runtime().InferenceSession(model, options, providers=["CPUExecutionProvider"]), pixels)


def facts_in(path: Path) -> Facts | None:
    """The facts in the metadata of an ONNX file; None where it is none, or has none."""
    return facts.from_words(words_in(path))


def words_in(path: Path) -> dict[str, str]:
    """The metadata of an ONNX file; nothing where it is none."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = _QUIET
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it is only looked at
    try:
        session = _session(runtime, path, options, ("CPUExecutionProvider", {}), str(path))
    except InputError:
        return {}
    return dict(session.get_modelmeta().custom_metadata_map)


def sessions(path: Path, *, gpus: str = "", threads: int = 0, floats: bool = False) -> list[Any]:
    """ONNX Runtime's sessions of a file, one a device; errors as of ``OnnxEngine``.

    floats : take its input as float32, in place of the bytes that the graph makes such of
    """
    runtime = _runtime()
    if not path.is_file():
        raise InputError(f"{path}: is not there; write it by export_onnx.py, or name another")
    options = runtime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = threads or place.cores_told()
    model = _of_floats(path) if floats else str(path)
    return [_session(runtime, path, options, provider, model) for provider in _providers(runtime, gpus)]


def _of_floats(path: Path) -> bytes:
    """The ONNX file ``path`` with its input declared float32."""
    try:
        import onnx
    except ImportError:
        line = f"{path}: takes pixels as bytes, and several scales are floats; pip install onnx, which turns it"
        raise InputError(line) from None
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return model.SerializeToString()


def _session(runtime: Any, path: Path, options: Any, provider: tuple[str, dict[str, int]], model: str | bytes) -> Any:
    providers = [provider, "CPUExecutionProvider"] if provider[0] == _CUDA else [provider]
    try:
        session = runtime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # ONNX Runtime has an exception of its own for each way to fail, and no common one
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be opened as an ONNX file ({why}); write it anew, or name another") from None
    if provider[0] == _CUDA and _CUDA not in session.get_providers():
        what = "ONNX Runtime finds no GPU that it can use, or not CUDA's libraries"
        raise InputError(f"--gpus={provider[1]['device_id']}: {what}; see nvidia-smi, or leave --gpus out for the CPU")
    return session


def _providers(runtime: Any, gpus: str) -> list[tuple[str, dict[str, int]]]:
    ids = place.devices(gpus)
    if not ids:
        return [("CPUExecutionProvider", {})]
    if _CUDA not in runtime.get_available_providers():
        what = "this ONNX Runtime is built for the CPU; where there is an NVIDIA GPU, in a new environment"
        raise InputError(f"--gpus={gpus}: {what}: pip install '.[onnx-gpu]' in place of [onnx]; or leave --gpus out")
    return [(_CUDA, {"device_id": i}) for i in ids]


def sees_gpus() -> bool:
    """Whether the ONNX Runtime that is installed is built for GPUs."""
    return _CUDA in _runtime().get_available_providers()


def installed() -> bool:
    """Whether ONNX Runtime and what writes its files are there; neither is loaded."""
    return find_spec("onnxruntime") is not None and find_spec("onnx") is not None


def check_installed() -> None:
    """Raises InputError where ONNX Runtime is not installed, or twice, which spoils it."""
    if find_spec("onnxruntime") is None:
        raise InputError(
            "--engine=onnx: ONNX Runtime is not installed; pip install '.[onnx]', or '.[onnx-gpu]' for an NVIDIA GPU"
        )
    both = {"onnxruntime", "onnxruntime-gpu"} & {found.metadata["Name"] for found in metadata.distributions()}
    if len(both) > 1:
        raise InputError(
            "--engine=onnx: onnxruntime and onnxruntime-gpu are both installed, into one folder, and spoil each other:"
            " pip uninstall both, and install '.[onnx]' or '.[onnx-gpu]'"
        )


def _runtime() -> Any:
    check_installed()
    import onnxruntime

    return onnxruntime
