"""Losses of hashing in plain torch, by the same formulae as ours: each of activations (B, K) and labels (B,).

Tables are (B, B), an entry a pair of images; an image is no pair with itself. All similar pairs together weigh as much
as all others.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def similar_pairs(labels: torch.Tensor) -> torch.Tensor:
    """Whether two images have the same label, bool; every image with itself too."""
    return labels[:, None] == labels


def balanced(similar: torch.Tensor) -> torch.Tensor:
    """The weights of all pairs."""
    count = similar.sum()
    weights = torch.where(similar, 0.5 / (count - len(similar)), 0.5 / (similar.numel() - count))
    return weights.fill_diagonal_(0)


def hashnet(activations: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Of log(1 + exp(a <h, g>)) - s a <h, g>, a = 10 / bits (Cao, Long, Wang, Yu, ICCV 2017)."""
    similar = similar_pairs(labels)
    products = activations @ activations.T * (10 / activations.shape[1])
    return (balanced(similar) * (functional.softplus(products) - similar * products)).sum()


def dch(
    activations: torch.Tensor, labels: torch.Tensor, *, gamma: float = 20.0, quantization: float = 0.1
) -> torch.Tensor:
    """Of s log(d / gamma) + log(1 + gamma / d), and log(1 + d(|h|, 1) / gamma) (Cao, Long, Liu, Wang, CVPR 2018)."""
    similar, half = similar_pairs(labels), activations.shape[1] / 2
    units = functional.normalize(activations)
    distances = (half * (1 - units @ units.T)).clamp(min=half * 1e-3) / gamma
    costs = similar * torch.log(distances) + torch.log(1 + 1 / distances)
    to_corner = half * (1 - functional.cosine_similarity(activations.abs(), torch.ones_like(activations)))
    return (balanced(similar) * costs).sum() + quantization * torch.log(1 + to_corner / gamma).mean()


def triplet(activations: torch.Tensor, labels: torch.Tensor, order: torch.Tensor | None = None) -> torch.Tensor:
    """Of [|a - p|^2 - |a - n|^2 + K / 4]+, over those that cost something.

    order : for each positive's place in the batch the negative's; drawn if not given
    """
    order = torch.randperm(len(labels)) if order is None else order
    similar = similar_pairs(labels)
    squared = activations.square().sum(1)
    distances = (squared[:, None] + squared - 2 * activations @ activations.T).clamp(min=0)
    chosen = (similar & ~similar[order]).fill_diagonal_(False)
    costs = functional.relu(distances - distances[order] + activations.shape[1] / 4) * chosen
    return costs.sum() / (costs > 0).sum().clamp(min=1)


LOSSES: dict[str, Loss] = {"hashnet": hashnet, "dch": dch, "triplet": triplet}
