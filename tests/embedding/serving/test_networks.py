"""Networks that engines are made of: what is no network of a bare trunk is told."""

import pytest

from datasets.errors import InputError
from embedding.mx import mx
from embedding.options import TrainOptions
from embedding.serving.networks import of_trunk


def test_a_pooling_that_is_learned_is_none_of_a_bare_trunk():
    options = TrainOptions(model="mobilenet_v2", use_pretrained="none.safetensors", pool="netvlad")
    with pytest.raises(InputError, match="--pool=netvlad: its centres are learned; train_instance.py trains it"):
        of_trunk(options, [mx.cpu()])
