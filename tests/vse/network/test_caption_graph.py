"""The ONNX graph of the caption tower against MXNet's."""

import numpy as np
import onnxruntime
import pytest

from embedding.mx import mx, nd
from vse.network import caption_graph
from vse.network.towers import CaptionTower


@pytest.mark.parametrize("layers, positive", [(1, False), (2, True), (3, False)])
def test_it_gives_what_the_tower_gives_for_any_number_and_length_of_captions(layers, positive):
    mx.random.seed(0)
    tower = CaptionTower(30, 16, word_dim=8, layers=layers, positive=positive, dropout=0.3)
    tower.initialize(mx.init.Normal(0.5))
    file = caption_graph.model(tower, layers=layers, positive=positive, dim="16").SerializeToString()
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    for count, longest in ((1, 1), (2, 5), (5, 9), (33, 60)):
        words = rng.integers(0, 30, (count, longest)).astype(np.int32)
        lengths = rng.integers(1, longest + 1, count).astype(np.int32)
        (found,) = session.run(None, {"words": words, "lengths": lengths})
        expected = tower(nd.array(words), nd.array(lengths)).asnumpy()
        assert found.shape == (count, 16)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        padding = np.arange(longest) >= lengths[:, None]
        (other,) = session.run(None, {"words": np.where(padding, 7, words).astype(np.int32), "lengths": lengths})
        np.testing.assert_array_equal(found, other)
