"""The network: bytes in, unit rows out, every trunk and pooling."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import mx, nd
from embedding.network import backbone, pooling
from embedding.network.net import EmbeddingNet, Encoder, see_blank


def bytes_of(count: int, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (count, size, size, 3)).astype(np.uint8)


@pytest.mark.parametrize("pool", pooling.names())
def test_embeddings_have_unit_rows(pool):
    net = EmbeddingNet(model="convnet", dim=7, pool=pool)
    net.initialize()
    out = net(nd.array(bytes_of(3), dtype="uint8")).asnumpy()
    assert out.shape == (3, 7)
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("model", ["convnet", "googlenet", "efficientnet_lite1"])
def test_pixels_are_normalised_as_pretrained_trunks_expect(model):
    encoder = Encoder(model=model)
    encoder.initialize()
    images = bytes_of(2)
    scaled = (images / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    if model == "googlenet":  # trained on -1..1
        scaled = images / 127.5 - 1
    if model == "efficientnet_lite1":
        scaled = (images.astype(float) - 127) / 128
    expected = encoder.pool(encoder.trunk(nd.array(scaled.transpose(0, 3, 1, 2))))
    np.testing.assert_allclose(encoder(nd.array(images, dtype="uint8")).asnumpy(), expected.asnumpy(), atol=1e-5)


@pytest.mark.parametrize("model", [name for name in backbone.names() if name not in ("vgg16", "vgg19", "alexnet")])
def test_compiled_and_not_are_the_same(model):
    net = EmbeddingNet(model=model, dim=4)
    net.initialize()
    images = nd.array(bytes_of(2, 96 if model == "inceptionv3" else 64), dtype="uint8")
    plain = net(images).asnumpy()
    net.hybridize(static_alloc=True, static_shape=True)
    np.testing.assert_allclose(net(images).asnumpy(), plain, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "size"), [("inceptionv3", 74), ("googlenet", (64, 16)), ("vgg16", 16), ("alexnet", 62)]
)
def test_images_too_small_for_a_trunk_are_told_in_one_line(model, size, capsys):
    net = EmbeddingNet(model=model, dim=4)
    net.initialize()
    with pytest.raises(
        InputError, match=rf"--model={model} cannot take images of \d\dx?\d* pixels; give a larger --size"
    ):
        see_blank(net, size, [mx.cpu()], flag="--size")
    assert capsys.readouterr().out == ""


def test_images_too_large_for_mxnet_are_told_in_one_line():
    net = EmbeddingNet(model="convnet", dim=4)
    net.initialize()
    with pytest.raises(InputError, match="--model=convnet cannot take images of 99999 pixels; give a smaller --size"):
        see_blank(net, 99_999, [mx.cpu()], flag="--size")


def test_a_blank_image_gives_weights_their_shapes():
    net = EmbeddingNet(model="resnet18", dim=4)
    net.initialize()
    see_blank(net, (64, 32), [mx.cpu()], flag="--size")
    assert net.head.linear.weight.shape == (4, 512)
