"""Center loss: softmax, and a pull of every embedding to the centre of its class (Wen, Zhang, Li, Qiao, ECCV 2016)."""

from types import ModuleType

from embedding.losses.base import MetricLoss
from embedding.losses.softmax import SoftmaxLoss
from embedding.mx import Array, autograd, gluon, nd


def moved(F: ModuleType, centres: Array, embeddings: Array, labels: Array, *, alpha: float) -> Array:
    """The centres (B, D) of the rows' classes after c <- c - alpha sum(c - x) / (1 + n), over the n rows x of a class.

    Rows of the same class have the same centre, before and after. embeddings : (B, D); labels : (B,)
    """
    same = F.broadcast_equal(F.expand_dims(labels, 1), F.expand_dims(labels, 0))  # (B, B)
    count = F.sum(same, axis=1, keepdims=True)
    pull = F.broadcast_mul(centres, count) - F.dot(same, embeddings)
    return centres - alpha * F.broadcast_div(pull, 1 + count)


class Centres(gluon.HybridBlock):
    """The centres of the classes, which start at 0 and follow the embeddings that they are asked about in training.

    No optimizer moves them. Each device has its own, which follow its own share of the batches, as the running means of
    batch normalisation do; a checkpoint holds their mean.
    """

    def __init__(self, *, classes: int, dim: int, alpha: float) -> None:
        super().__init__()
        self._alpha = alpha
        self.centres = self.params.get("centres", shape=(classes, dim), init="zeros", grad_req="null")

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The centres (B, D) of the classes ``labels`` (B,), without a gradient, as they were before they move."""
        centres, learns = self.centres.data(embeddings.context), autograd.is_training()
        labels = labels.astype("float32", copy=False)
        with autograd.pause():
            before = nd.take(centres, labels)
            if learns:
                centres[labels] = moved(nd, before, embeddings, labels, alpha=self._alpha)
        return before


class CenterLoss(MetricLoss):
    """Softmax cross-entropy plus pull / 2 times the mean of |x - c|^2, c the centre of the class of x; see ``Centres``.

    The softmax is over inner products of embeddings and class weights, both as long as they come, without a bias.

    lr_classes : as of every ``softmax.ClassifierLoss``
    pull : lambda, the weight of the distances to the centres; 0.003 in the paper, 0.008 in its code
    alpha : the step of the centres, 0.5 in the paper
    """

    unit_rows = False

    def __init__(self, *, pull: float = 0.008, alpha: float = 0.5, lr_classes: float = 1e-2, **told: int) -> None:
        super().__init__(**told)
        self.learning_rate = lr_classes
        self._pull = pull
        self.softmax = SoftmaxLoss(normalize=False, lr_classes=lr_classes, **told)
        self.centres = Centres(classes=self._classes, dim=self._dim, alpha=alpha)

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) of any length and labels (B,) in [0, C); moves centres, in training."""
        away = nd.square(embeddings - self.centres(embeddings, labels))
        return self.softmax(embeddings, labels) + self._pull / 2 * nd.mean(nd.sum(away, axis=1))


Loss = CenterLoss
