"""GPUs: whether Faiss has them here, and an index put there."""

import faiss

from ann_bench.factory import faiss_parts
from datasets.errors import InputError


def check_gpus(gpus: tuple[int, ...]) -> None:
    """Raises InputError where Faiss cannot use one of these devices."""
    there = faiss.get_num_gpus() if hasattr(faiss, "StandardGpuResources") else 0
    missing = [gpu for gpu in gpus if not 0 <= gpu < there]
    if missing:
        build = f"sees {there} GPUs" if there else "sees no GPU; it needs faiss-gpu in place of faiss-cpu, and a driver"
        raise InputError(f"--gpus={missing[0]}: Faiss {build}")


def to_gpus(index: faiss.Index, gpus: tuple[int, ...]) -> faiss.Index:
    """The same index on these devices, whole on each; raises InputError where Faiss has no such index for GPUs."""
    try:
        return faiss.index_cpu_to_gpus_list(index, gpus=list(gpus))
    except RuntimeError as error:
        raise InputError(f"not on GPUs: {faiss_parts.said(error)}") from None
