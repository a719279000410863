"""Metric names: what a distance is called here, and what others call it."""

from datasets.errors import unknown

METRICS = ("euclidean", "inner_product", "angular", "hamming")

_OTHERS = {
    "l2": "euclidean",
    "ip": "inner_product",
    "dot": "inner_product",
    "dot_product": "inner_product",
    "cosine": "angular",
    "cos": "angular",
}
_KNOWN = (*METRICS, *_OTHERS)


def ours(name: str) -> str:
    """Our name of the metric that is called ``name``, in capitals or not: "L2" is "euclidean", "Cosine" "angular".

    Raises InputError listing the names that are known.
    """
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if plain not in _KNOWN:
        raise unknown("metric", name, _KNOWN)
    return _OTHERS.get(plain, plain)


def described() -> str:
    """Our names, each with what others call it: "euclidean (l2), inner_product (ip, ..." """
    names = {metric: [other for other, own in _OTHERS.items() if own == metric] for metric in METRICS}
    return ", ".join(metric + (f" ({', '.join(others)})" if others else "") for metric, others in names.items())
