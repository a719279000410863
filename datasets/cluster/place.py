"""Where work is done: in this process, in processes of this machine, on a cluster that runs, or on one of a queue."""

import os
import re
from dataclasses import dataclass

from datasets.errors import InputError, suggestion

# Queueing systems -> the class of dask_jobqueue that submits to them.
QUEUES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster",
    "oar": "OARCluster",
}
LOCAL = "local"
INSTALL = "pip install -c constraints.txt -e '.[cluster]'"

_KNOWN = (LOCAL, *QUEUES)
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+")


@dataclass(frozen=True)
class Place:
    """What ``--cluster`` says.

    flag : as it was typed; "" is this process
    kind : address, local or the name of a queueing system; "" where it is this process
    count : worker processes of local, jobs of a queue
    """

    flag: str
    kind: str = ""
    count: int = 0


def read(flag: str) -> Place:
    """The place of ``--cluster=flag``; raises InputError where it names none."""
    if not flag:
        return Place("")
    if _ADDRESS.fullmatch(flag):
        return Place(flag, "address")
    kind, colon, number = flag.partition(":")
    if kind in _KNOWN and (not colon or re.fullmatch(r"[1-9]\d{0,4}", number)):
        return Place(flag, kind, int(number) if colon else cores() if kind == LOCAL else 1)
    forms = "local:4, slurm:8, or the address of a scheduler such as tcp://host:8786"
    if kind in _KNOWN:
        raise InputError(f"--cluster={flag}: behind the colon stands how many, a number from 1 up: {forms}")
    raise InputError(f"--cluster={flag}: {suggestion(kind, _KNOWN)}must be {forms}; leave it out for this process")


def devices(flag: str) -> list[int]:
    """The numbers of the GPUs that ``--gpus=flag`` names, none where it leaves work to the CPU; raises InputError."""
    if not flag.strip():
        return []
    try:
        numbers = [int(part) for part in flag.split(",")]
    except ValueError:
        raise InputError(f"--gpus={flag}: give device numbers such as 0 or 0,1, or leave it out for the CPU") from None
    if len(set(numbers)) < len(numbers) or min(numbers) < 0:
        raise InputError(f"--gpus={flag}: device numbers must differ and not be negative")
    return numbers


def cores() -> int:
    """How many cores this process may use."""
    return cores_told() or len(os.sched_getaffinity(0))


def cores_told() -> int:
    """What OMP_NUM_THREADS, with which workers are started, says of that; 0 where it says nothing."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if re.fullmatch(r"[1-9]\d*", said) else 0
