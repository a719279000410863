"""Kept: the ONNX file of a network, written once, and anew when the network is another one."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from datasets.errors import InputError
from datasets.files import lock
from embedding.engine import onnx

log = logging.getLogger(__name__)

ENGINES = ("auto", "onnx", "mxnet")
NAME, WEIGHTS = "net.onnx", "net.params"  # in the folder of a checkpoint: the ONNX file, and MXNet's weights


def chosen(engine: str) -> str:
    """The engine that ``--engine`` means, onnx or mxnet: auto takes ONNX Runtime, the faster, where it is installed.

    Raises InputError for an unknown one, and for onnx where it is not installed.
    """
    if engine not in ENGINES:
        raise InputError(f"--engine={engine}: must be one of {', '.join(ENGINES)}")
    if engine == "onnx":
        onnx.check_installed()
    return ("onnx" if onnx.installed() else "mxnet") if engine == "auto" else engine


def fingerprint(file: Path) -> str:
    """A short hash of a file of weights, to tell two networks apart; raises InputError where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({error.strerror}); name a run folder, or a file, that holds weights"
        ) from None


def network_of(folder: Path) -> str:
    """The fingerprint of the network of a checkpoint's folder, of which the ONNX file may be all that is there."""
    weights, file = folder / WEIGHTS, folder / NAME
    found = onnx.words_in(file) if file.exists() and not weights.exists() else {}
    return found.get("network") or fingerprint(weights)


def kept(path: Path, network: str, write: Callable[[Path], None], *, tells: str = "network") -> Path:
    """``path``, the ONNX file of the ``network`` of that fingerprint, which ``write`` writes where it is not there.

    tells : a word of its metadata without which it is written anew: files of before there was that word have none
    Another process that is writing it is waited for. Raises InputError where it cannot be written.
    """
    if not _is_of(path, network, tells):
        with lock.held(path, flag="--out"):
            if not _is_of(path, network, tells):
                log.info("writing the network as an ONNX file, once: %s", path)
                write(path)
    return path


def _is_of(path: Path, network: str, tells: str) -> bool:
    words = onnx.words_in(path) if path.exists() else {}
    return words.get("network") == network and tells in words
