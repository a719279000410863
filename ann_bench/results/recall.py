"""Recall: the name of the score that fronts and targets go by."""


def recall_name(k: int) -> str:
    """What the score is called that fronts and targets go by; k is 0 where all rows within a radius are asked for."""
    return f"k-recall@{k}" if k else "recall of pairs"
