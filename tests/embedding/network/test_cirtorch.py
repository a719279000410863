"""Checkpoints of cirtorch, written by hand in its layout, against AlexNet and whitening in plain numpy."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import mx, nd
from embedding.network import cirtorch, regions
from embedding.serving import cirtorch as served
from tests.shared import poolings as slow
from tests.shared.torch_files import SAVERS, contiguous, save_pth

# Of AlexNet's convolutions by number: channels that come out, window, step, padding; 1 and 4 are followed by maxima.
ALEXNET = {0: (64, 11, 4, 2), 3: (192, 5, 1, 2), 6: (384, 3, 1, 1), 8: (256, 3, 1, 1), 10: (256, 3, 1, 1)}
DIM = 256
MEAN, STD = [0.4816, 0.4531, 0.3981], [1 / 255] * 3  # as trunks of MatConvNet want them
CASES = {
    "plain": {},
    "whitening": {"whitening": True},
    "everything": {"whitening": True, "regional": True, "local_whitening": True},
    "a p a channel": {"pooling": "gemmp"},
    "maxima of regions": {"pooling": "rmac"},
}


def meta(**changed):
    usual = {"architecture": "alexnet", "pooling": "gem", "local_whitening": False, "regional": False}
    return usual | {"whitening": False, "mean": MEAN, "std": STD, "outputdim": DIM} | changed


def state(said):
    """Random weights under the names that cirtorch has for the parts of a network of AlexNet."""
    rng, arrays, before = np.random.default_rng(0), {}, 3
    for number, (channels, window, _, _) in ALEXNET.items():
        fan = before * window**2
        arrays[f"features.{number}.weight"] = rng.normal(0, (2 / fan) ** 0.5, (channels, before, window, window))
        arrays[f"features.{number}.bias"] = rng.normal(0, 0.1, channels)
        before = channels
    if said["pooling"].startswith("gem"):
        p = rng.uniform(2, 4, DIM if said["pooling"] == "gemmp" else 1)
        arrays["pool.rpool.p" if said["regional"] else "pool.p"] = p
    layers = {"lwhiten": "local_whitening", "pool.whiten": "regional", "whiten": "whitening"}
    for name in (name for name, part in layers.items() if said[part]):
        arrays[f"{name}.weight"], arrays[f"{name}.bias"] = rng.normal(0, 0.06, (DIM, DIM)), rng.normal(0, 0.1, DIM)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def save(path, said, arrays, *, saver=save_pth, **more):
    state_dict = {name: contiguous(array) for name, array in arrays.items()}
    saver(
        path, {"epoch": 2, "meta": said, "state_dict": state_dict, "min_loss": np.float64(0.1), "optimizer": {}, **more}
    )
    return path


def windows(x, window, step):
    """(B, C, h, w, window, window)."""
    return np.lib.stride_tricks.sliding_window_view(x, (window, window), (2, 3))[:, :, ::step, ::step]


def convolved(images, said, arrays):
    """The feature map (B, 256, h, w) of uint8 RGB images (B, H, W, 3)."""
    x = ((images / 255 - said["mean"]) / said["std"]).transpose(0, 3, 1, 2)
    for number, (_, window, step, pad) in ALEXNET.items():
        seen = windows(np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))), window, step)
        weight, bias = (arrays[f"features.{number}.{part}"].astype(float) for part in ("weight", "bias"))
        x = np.maximum(np.einsum("bchwij,dcij->bdhw", seen, weight, optimize=True) + bias[:, None, None], 0)
        if number in (0, 3):
            x = windows(x, 3, 2).max(axis=(4, 5))
    return x


def linear(arrays, name):
    weight, bias = (arrays[f"{name}.{part}"].astype(float) for part in ("weight", "bias"))
    return lambda rows: rows @ weight.T + bias


def slow_vectors(images, said, arrays):
    """What cirtorch's network makes of images."""
    x = convolved(images, said, arrays)
    if said["local_whitening"]:
        x = linear(arrays, "lwhiten")(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    p = arrays.get("pool.p", arrays.get("pool.rpool.p"))
    pooled = {"mac": lambda x: x.max(axis=(2, 3))}.get(said["pooling"], lambda x: slow.gem(x, p))
    places = regions.regions(*x.shape[2:])
    if said["pooling"] == "rmac":
        rows = slow.over_regions(x, places, lambda part: part.max(axis=(2, 3)))
    elif said["regional"]:
        whiten = linear(arrays, "pool.whiten")
        rows = slow.over_regions(x, places, pooled, lambda vector: slow.unit(whiten(vector)))
    else:
        rows = pooled(x)
    rows = np.array([slow.unit(row) for row in rows])
    return np.array([slow.unit(row) for row in linear(arrays, "whiten")(rows)]) if said["whitening"] else rows


@pytest.mark.parametrize("case", CASES)
def test_vectors_are_those_of_plain_numpy(tmp_path, case):
    said, file = meta(**CASES[case]), "old.pth" if case == "whitening" else "new.pth"
    arrays = state(said)
    loaded = cirtorch.load(save(tmp_path / file, said, arrays, saver=SAVERS[file]), [mx.cpu()])
    images = np.random.default_rng(1).integers(0, 256, (2, 83, 99, 3)).astype(np.uint8)
    expected = slow_vectors(images, said, arrays)
    assert np.abs(expected[0] - expected[1]).max() > 0.005
    np.testing.assert_allclose(loaded.net(nd.array(images, dtype="uint8")).asnumpy(), expected, atol=1e-5)
    assert loaded.described.pooling == said["pooling"]


def test_whitenings_of_a_checkpoint_are_read_with_it(tmp_path):
    rng = np.random.default_rng(2)
    learned = {kind: {"m": rng.normal(size=(DIM, 1)), "P": rng.normal(size=(DIM, DIM))} for kind in ("ss", "ms")}
    said = meta(Lw={"retrieval-SfM-120k": learned})
    file = save(tmp_path / "a[1].pth", said, state(said))
    found = served.whitenings(file)
    assert set(found) == {"retrieval-SfM-120k"} and set(found["retrieval-SfM-120k"]) == {"ss", "ms"}
    mean, projection = found["retrieval-SfM-120k"]["ms"]
    columns = rng.normal(size=(DIM, 3))
    expected = learned["ms"]["P"] @ (columns - learned["ms"]["m"])  # as cirtorch whitens
    np.testing.assert_allclose((columns.T - mean) @ projection.T, expected.T, atol=1e-9)
    save_pth(tmp_path / "a[1].pth_retrieval-SfM-30k_whiten_ms.pth", learned["ss"])  # as its test command keeps it
    again = served.whitenings(file)
    assert {name: list(kinds) for name, kinds in again.items()} == {
        "retrieval-SfM-120k": ["ss", "ms"],
        "retrieval-SfM-30k": ["ms"],
    }
    np.testing.assert_array_equal(again["retrieval-SfM-30k"]["ms"][1], learned["ss"]["P"])


def counted_resnet18():
    """Its convolutions and batch norms as cirtorch counts them, in their order."""
    yield from ("features.0", "features.1")
    for stage in range(4, 8):
        for block in (f"features.{stage}.0.", f"features.{stage}.1."):
            yield from (block + part for part in ("conv1", "bn1", "conv2", "bn2"))
            if stage > 4 and block.endswith(".0."):
                yield from (block + "downsample.0", block + "downsample.1")


def test_the_counted_parts_of_a_resnet_find_their_places(tmp_path):
    net = cirtorch.instance_net("resnet18", "mac")
    net.initialize()
    net(nd.zeros((1, 64, 64, 3)))
    shapes, arrays = iter(p.shape for p in net.encoder.trunk.collect_params().values()), {}
    for module in counted_resnet18():
        norm = ("weight", "bias", "running_mean", "running_var")
        for role in norm if "bn" in module or module.endswith((".1", "features.1")) else norm[:1]:
            arrays[f"{module}.{role}"] = np.full(next(shapes), len(arrays), np.float32)
    assert next(shapes, None) is None
    path = save(tmp_path / "r.pth", meta(architecture="resnet18", pooling="mac"), arrays)
    loaded = cirtorch.load(path, [mx.cpu()])
    found = [p.data().asnumpy().flat[0] for p in loaded.net.encoder.trunk.collect_params().values()]
    assert found == list(range(len(arrays)))


def changed(arrays, *, without="", **more):
    return {name: array for name, array in arrays.items() if name != without} | more


SAID = meta(whitening=True)
WRONG = {
    "another architecture": (
        meta(architecture="resnet18"),
        {},
        "does not fit resnet18_v1b: conv1.weight has the shape",
    ),
    "no such architecture": (meta(architecture="resnet19"), {}, "unknown model 'resnet19': did you mean resnet"),
    "no such pooling": (meta(pooling="gemm"), {}, "unknown pooling 'gemm': did you mean gem"),
    "no p": (SAID, {"without": "pool.p"}, "it has no pool.p, of which its meta speaks"),
    "no convolution": (SAID, {"without": "features.8.bias"}, "does not fit alexnet: it has no features.8.bias"),
    "no whitening": (SAID, {"without": "whiten.bias"}, "it has no whiten.bias, of which its meta speaks"),
    "p of another shape": (SAID, {"pool.p": np.ones(3, "f4")}, r"pool.p has the shape \(3,\), not \(1,\)"),
    "whitening of another shape": (
        SAID,
        {"whiten.weight": np.ones((DIM, 20), "f4")},
        r"whiten.weight has the shape \(256, 20\), not \(256, 256\)",
    ),
    "more than it says": (meta(), {}, r"it has whiten.bias too, which does not fit its meta \(alexnet, gem\)"),
    "two colours": (meta(mean=[1, 2], whitening=True), {}, "mean and std in its meta must be three numbers"),
    "no mean": (meta(mean=None, whitening=True), {}, "its meta lacks or garbles"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_told_in_one_line(tmp_path, case):
    said, change, line = WRONG[case]
    path = save(tmp_path / "w.pth", said, changed(state(SAID), **change))
    with pytest.raises(InputError, match=line) as error:
        cirtorch.load(path, [mx.cpu()])
    assert "w.pth" in str(error.value) and "\n" not in str(error.value)


def test_other_files_are_told_in_one_line(tmp_path):
    save_pth(tmp_path / "trunk.pth", {"features.0.weight": contiguous(np.ones(2, "f4"))})
    with pytest.raises(InputError, match=r"trunk\.pth is no checkpoint of cirtorch: it has no 'meta'"):
        cirtorch.load(tmp_path / "trunk.pth", [mx.cpu()])
    with pytest.raises(InputError, match=r"trunk\.pth is no checkpoint of cirtorch: it has no 'meta'"):
        served.whitenings(tmp_path / "trunk.pth")


@pytest.mark.parametrize(
    ("learned", "line"),
    [
        ({"m": np.zeros(3)}, "w.pth: its whitening is not m and P"),
        ({"m": np.zeros(3), "P": np.zeros((3, 4))}, "w.pth: its whitening does not fit itself: m has 3 numbers and P"),
    ],
)
def test_whitenings_that_are_none_are_told_in_one_line(tmp_path, learned, line):
    path = save(tmp_path / "w.pth", meta(Lw={"a": {"ss": learned}}), {})
    with pytest.raises(InputError, match=line):
        served.whitenings(path)


def test_published_names_are_files_in_data(tmp_path):
    assert cirtorch.find("my/net.pth") == cirtorch.Path("my/net.pth")
    with pytest.raises(
        InputError, match=r"there is no .*retrievalSfM120k-vgg16-gem-b4dcdc6\.pth; download it from http"
    ):
        cirtorch.find("retrievalSfM120k-vgg16-gem", tmp_path)
    path = tmp_path / "networks" / "retrievalSfM120k-vgg16-gem-b4dcdc6.pth"
    path.parent.mkdir()
    path.touch()
    assert cirtorch.find("retrievalSfM120k-vgg16-gem", tmp_path) == path


def offered(data, arrays):
    """A folder with a trunk by Caffe and whitening layers in it, as cirtorch keeps them."""
    trunk = {name.removeprefix("features."): contiguous(a) for name, a in arrays.items() if name.startswith("features")}
    (data / "networks").mkdir()
    (data / "whiten").mkdir()
    save_pth(data / "networks" / "imagenet-caffe-alexnet-features-0.pth", trunk)
    for layer, file in {"whiten": "alexnet-gem-r-whiten", "pool.whiten": "alexnet-gem-r-rwhiten"}.items():
        content = {part: contiguous(arrays[f"{layer}.{part}"]) for part in ("weight", "bias")}
        save_pth(data / "whiten" / f"retrieval-SfM-120k-{file}-0.pth", content)


def test_off_the_shelf(tmp_path):
    said = meta(regional=True, whitening=True, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    arrays = state(said) | {"pool.rpool.p": np.array([3], "f4")}
    offered(tmp_path, arrays)
    net = cirtorch.off_the_shelf("alexnet-gem-reg-whiten", [mx.cpu()], tmp_path).net
    images = np.random.default_rng(1).integers(0, 256, (1, 83, 99, 3)).astype(np.uint8)
    expected = slow_vectors(images, said, arrays)
    np.testing.assert_allclose(net(nd.array(images, dtype="uint8")).asnumpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    "named, line",
    [
        ("alexnet", "name a trunk, a pooling, and then reg, lwhiten, whiten"),
        ("alexnet-gem-whitten", "name a trunk, a pooling"),
        ("alexnett-gem", "unknown model 'alexnett': did you mean alexnet"),
        (
            "alexnet-gem-whiten",
            r"no .*retrieval-SfM-120k-alexnet-gem-whiten-\*\.pth; where there is one, it is in http",
        ),
        ("alexnet-gem-lwhiten", r"alexnet-lwhiten-\*\.pth"),
    ],
)
def test_off_the_shelf_without_what_it_wants(tmp_path, named, line):
    said = meta(regional=True, whitening=True)
    offered(tmp_path, state(said))
    with pytest.raises(InputError, match=line) as error:
        cirtorch.off_the_shelf(named, [mx.cpu()], tmp_path)
    assert "\n" not in str(error.value)
