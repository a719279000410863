"""What every loss is: a block that says what embeddings it wants and how its own parameters learn."""

from embedding.mx import gluon


class EmbeddingLoss(gluon.HybridBlock):
    """``loss(embeddings, labels)`` gives one value, (1,); see the contract in ``embedding.losses``.

    unit_rows : whether it wants embeddings of unit length; where not, it gets what the head gives
    learning_rate : of its own parameters; None for the network's
    optimizer : of its own parameters, at a rate that stays as it is; None for the network's, with its weight decay and
        its drops of the rate
    """

    unit_rows: bool = True
    learning_rate: float | None = None
    optimizer: str | None = None

    def begin(self, epoch: int) -> None:
        """Called before epoch 1, 2, ...: the place for what changes as training goes on."""

    def complaint(self, mean: float) -> str:
        """What is wrong with an epoch whose mean loss is ``mean``, as a sentence for the log, or nothing."""
        return ""
