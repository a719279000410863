"""The towers against plain numpy: standardised features, and a GRU that stops where a caption ends."""

import numpy as np
import pytest

from embedding.mx import autograd, gluon, mx, nd
from vse.network.towers import CaptionTower, ImageTower, Towers


@pytest.fixture(autouse=True)
def _seeded():
    mx.random.seed(0)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize("positive", [False, True])
def test_images_are_standardised_and_projected(positive):
    rng = np.random.default_rng(0)
    train, features = rng.gamma(2.0, size=(50, 12)), rng.gamma(2.0, size=(5, 12))
    tower = ImageTower(7, positive=positive)
    tower.initialize()
    tower.settle(train)
    weight, bias = tower.linear.weight.data().asnumpy(), tower.linear.bias.data().asnumpy()
    wanted = unit(unit((features - train.mean(axis=0)) / train.std(axis=0)) @ weight.T + bias)
    found = tower(nd.array(features)).asnumpy()
    np.testing.assert_allclose(found, np.abs(wanted) if positive else wanted, atol=1e-5)


def test_features_that_never_change_stay_finite():
    tower = ImageTower(2)
    tower.initialize()
    tower.settle(np.ones((4, 3)))
    assert np.isfinite(tower(nd.array([[1.0, 1.0, 2.0]])).asnumpy()).all()


@pytest.mark.parametrize("varies", [0.0, 1e-5, 1e-2])
def test_a_feature_that_hardly_varied_is_not_all_that_is_seen_once_it_does(varies):
    train = np.random.default_rng(0).gamma(2.0, size=(50, 12))
    train[:, 3] = varies * train[:, 3]
    tower = ImageTower(7)
    tower.initialize()
    tower.settle(train)
    deviation = tower.deviation.data().asnumpy()[0]
    np.testing.assert_allclose(np.delete(deviation, 3), np.delete(train.std(axis=0), 3), rtol=1e-5)
    found = (train[0] + np.eye(12)[3] - train.mean(axis=0)) / deviation
    assert found[3] ** 2 < 0.95 * (found**2).sum()


def gru(tower, sentence):
    """The last state of a GRU (Cho et al. 2014), word after word."""
    weights = {
        key.split("_", 1)[1]: p.data().asnumpy().astype(np.float64) for key, p in tower.gru.collect_params().items()
    }
    weights = {key[key.index("l0") :]: value for key, value in weights.items()}
    vectors = tower.words.weight.data().asnumpy().astype(np.float64)
    h = np.zeros(weights["l0_h2h_weight"].shape[1])
    for word in sentence:
        from_word = np.split(weights["l0_i2h_weight"] @ vectors[word] + weights["l0_i2h_bias"], 3)
        from_state = np.split(weights["l0_h2h_weight"] @ h + weights["l0_h2h_bias"], 3)
        reset, update = (1 / (1 + np.exp(-(a + b))) for a, b in zip(from_word[:2], from_state[:2], strict=True))
        new = np.tanh(from_word[2] + reset * from_state[2])
        h = (1 - update) * new + update * h
    return h


def captions(padding=3):
    """Sentences, and their words (B, T) and lengths (B,)."""
    sentences = [[1, 5, 7, 2], [1, 2], [1, 19, 4, 4, 4, 8, 2]]
    words = np.full((3, 8), padding)
    for row, sentence in enumerate(sentences):
        words[row, : len(sentence)] = sentence
    return sentences, nd.array(words), nd.array([len(s) for s in sentences])


@pytest.mark.parametrize("way", ["padded", "packed", "forward"])
def test_a_caption_is_the_state_at_its_end_whatever_padding_follows(way):
    tower = CaptionTower(20, 9, word_dim=6)
    tower.initialize()
    tower.hybridize(static_alloc=True)
    sentences, *inputs = captions()
    found, wanted = getattr(tower, way)(*inputs).asnumpy(), np.stack([gru(tower, s) for s in sentences])
    np.testing.assert_allclose(found, unit(wanted) if way == "forward" else wanted, atol=1e-6)
    np.testing.assert_array_equal(found, getattr(tower, way)(*captions(padding=11)[1:]).asnumpy())


@pytest.mark.parametrize("layers", [1, 2])
def test_both_ways_of_the_gru_give_all_parameters_the_same_gradients(layers):
    tower = CaptionTower(20, 9, word_dim=6, layers=layers)
    tower.initialize(mx.init.Uniform(0.8))
    inputs, direction, found = captions()[1:], nd.random.normal(shape=(3, 9)), []
    for way in (tower.padded, tower.packed):
        with autograd.record():
            loss = (way(*inputs) * direction).sum()
        loss.backward()
        found.append([parameter.grad().asnumpy() for parameter in tower.collect_params().values()])
    assert len(found[0]) == 1 + 4 * layers
    for padded, packed in zip(*found, strict=True):
        assert np.abs(padded).max() > 0
        np.testing.assert_allclose(packed, padded, rtol=0, atol=1e-5 * np.abs(padded).max())


def test_dropout_leaves_out_other_numbers_wherever_a_word_comes_and_only_in_training():
    tower = CaptionTower(20, 9, word_dim=6, dropout=0.5)
    tower.initialize(mx.init.Uniform(0.8))
    words, lengths = nd.ones((40, 1)), nd.ones((40,))
    with autograd.record():
        drawn = tower(words, lengths).asnumpy()
    assert len(np.unique(drawn, axis=0)) > 20
    assert len(np.unique(tower(words, lengths).asnumpy(), axis=0)) == 1


def test_towers_learn_when_compiled_and_are_the_same_when_loaded(tmp_path):
    towers, other = (Towers(ImageTower(9), CaptionTower(20, 9, word_dim=6, layers=2)) for _ in range(2))
    inputs = [nd.random.normal(shape=(3, 12)), *captions()[1:]]
    towers.initialize()
    towers.images.settle(inputs[0].asnumpy())
    towers.hybridize(static_alloc=True)
    trainer, losses = gluon.Trainer(towers.collect_params(), "adam", {"learning_rate": 0.02}), []
    for _ in range(30):
        with autograd.record():
            images, rows = towers(*inputs)
            loss = ((images - rows) ** 2).sum()
        loss.backward()
        trainer.step(1)
        losses.append(loss.asscalar())
    assert losses[-1] < 0.1 * losses[0]
    towers.save_parameters(str(tmp_path / "net.params"))
    other.load_parameters(str(tmp_path / "net.params"))
    for found, wanted in zip(other(*inputs), towers(*inputs), strict=True):
        np.testing.assert_allclose(found.asnumpy(), wanted.asnumpy(), atol=1e-6)


def test_both_towers_give_rows_of_one_space():
    towers = Towers(ImageTower(9), CaptionTower(20, 9, word_dim=6))
    towers.initialize()
    towers.images.settle(np.random.default_rng(0).normal(size=(6, 12)))
    images, captions = towers(nd.random.normal(shape=(4, 12)), nd.ones((4, 8)), nd.array([2, 3, 4, 8]))
    assert images.shape == captions.shape == (4, 9)
    for rows in (images, captions):
        np.testing.assert_allclose(np.linalg.norm(rows.asnumpy(), axis=1), 1, atol=1e-5)
