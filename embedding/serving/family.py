"""Family: a kind of runs, as those who open runs of any kind must know it; and that of metric learning.

Who opens runs binds the families that it knows into a tuple, the last of which takes what is of none before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedding.engine import kept

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served


@dataclass(frozen=True)
class Family:
    """A kind of runs.

    option : one that runs of this kind alone were begun with; "" where any run is of it
    file : of the ONNX file of its network, beside the weights; others of the same run are called otherwise
    served : the network of a run folder and a checkpoint, best or last, on devices; raises InputError where it holds
        none such. A function of a module, so that other processes can do it too, which loads MXNet when it is called
    """

    option: str
    served: "Callable[[Path, str, list[mx.Context]], Served]"
    file: str = kept.NAME


def of_options(families: Sequence[Family], options: dict[str, object]) -> Family:
    """The first of ``families`` that a run which was begun with ``options`` is of."""
    return next(family for family in families if not family.option or family.option in options)


def _served(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from embedding.serving.networks import of_run

    return of_run(folder, checkpoint, devices)


METRIC = Family("", _served)
