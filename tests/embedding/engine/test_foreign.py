"""Encoders of others: what they want is found, told and given to them, and each wrong file is one line."""

import json
import logging
import pickle
from functools import partial

import encoders
import numpy as np
import pytest
from encoders import FLOAT, INT64, WIDTH, embedded
from onnx import helper

from datasets.errors import InputError
from embedding.engine.foreign import ForeignEngine
from embedding.engine.scales import Scales
from embedding.engine.wanted import Asked

IMAGENET = 255 * np.array([0.485, 0.456, 0.406]), 255 * np.array([0.229, 0.224, 0.225])
CLIP = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28], "crop_size": {"height": 32, "width": 32}}


def pixels(count=5, height=32, width=32):
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), np.uint8)


def close(found, expected):
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_vision_encoder_of_clip_and_the_line_that_tells_of_it(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = ForeignEngine(encoders.clip(tmp_path / "clip.onnx"))
    close(engine(pixels()), embedded(pixels(), *IMAGENET).mean(axis=1))
    facts = engine.facts
    assert (facts.size, facts.dim, facts.model, facts.codes, facts.similarity) == ((32, 32), WIDTH, "clip", 0, "cosine")
    (line,) = caplog.messages
    assert (
        "takes NCHW float32, 32 pixels, mean 123.675,116.28,103.53" in line and "ImageNet's, as nothing tells" in line
    )
    assert line.endswith("gives image_embeds: as it is, 6 numbers")


def test_what_a_file_beside_it_or_its_metadata_tell_is_heeded(tmp_path):
    file = encoders.vit(tmp_path / "vit.onnx")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(CLIP))
    expected = embedded(pixels(), 255 * np.array(CLIP["image_mean"]), 255 * np.array(CLIP["image_std"]))
    engine = ForeignEngine(file, Asked(pool="mean"))
    tokens = np.concatenate([np.broadcast_to(np.arange(1, 7), (5, 1, 6)), expected], axis=1)
    close(engine(pixels()), tokens.mean(axis=1))
    told = {"mean": "[0.5, 0.5, 0.5]", "std": "[0.5, 0.5, 0.5]", "size": "16"}
    engine = ForeignEngine(encoders.vit(tmp_path / "told.onnx", class_token=False, **told))
    assert engine.facts.size == (16, 16)
    close(engine(pixels(2, 16, 16)), embedded(pixels(2, 16, 16), 127.5, 127.5).mean(axis=1))


def test_a_folder_of_hugging_face_has_the_file_one_floor_up(tmp_path):
    (tmp_path / "onnx").mkdir()
    told = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": {"shortest_edge": 24}, "do_normalize": False}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    engine = ForeignEngine(encoders.vit(tmp_path / "onnx" / "model.onnx", class_token=False))
    assert engine.facts.size == (24, 24)
    close(engine(pixels(1, 24, 24)), embedded(pixels(1, 24, 24), 0, 255).mean(axis=1))


@pytest.mark.parametrize(
    "asked, mean, deviation",
    [
        ({"mean": "0.5", "std": "0.5"}, 127.5, 127.5),
        ({"mean": "127", "std": "128"}, 127, 128),
        ({"mean": "0", "std": "1"}, 0, 255),
        ({"mean": "0", "std": "1", "range": "255"}, 0, 1),
        ({"range": "255"}, 0, 1),
        (
            {"mean": "0.1,0.2,0.3", "std": "0.4,0.5,0.6"},
            255 * np.array([0.1, 0.2, 0.3]),
            255 * np.array([0.4, 0.5, 0.6]),
        ),
    ],
)
def test_flags_say_the_normalisation(tmp_path, asked, mean, deviation):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(CLIP))
    engine = ForeignEngine(encoders.clip(tmp_path / "clip.onnx"), Asked(**asked))
    found, expected = engine(pixels(2)), embedded(pixels(2), mean, deviation).mean(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_tokens_become_the_class_token_or_their_mean(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    file = encoders.vit(tmp_path / "vit.onnx", side=32)
    close(ForeignEngine(file)(pixels(2)), np.tile(np.arange(1.0, 7), (2, 1)))
    assert "class token, the first of 17; --pool=mean for their mean" in caplog.text
    alone = encoders.vit(tmp_path / "alone.onnx", side=32, class_token=False)
    close(ForeignEngine(alone)(pixels(2)), embedded(pixels(2), *IMAGENET).mean(axis=1))
    assert "mean of 16 tokens; --pool=class for the first" in caplog.text
    close(ForeignEngine(alone, Asked(pool="class"))(pixels(2)), embedded(pixels(2), *IMAGENET)[:, 0])
    close(ForeignEngine(alone, Asked(output="pooler_output"))(pixels(2)), embedded(pixels(2), *IMAGENET).max(axis=1))


def test_a_file_that_takes_one_picture_at_a_time_and_gives_a_map(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = ForeignEngine(encoders.feature_map(tmp_path / "map.onnx"))
    assert engine.facts.size == (24, 40)
    close(engine(pixels(3, 24, 40)), embedded(pixels(3, 24, 40), *IMAGENET).mean(axis=1))
    assert "NCHW float32, 1 at a time, 24x40 pixels" in caplog.text and "mean of 3 x 5 places" in caplog.text


def test_a_file_that_takes_four_at_a_time_is_filled_up(tmp_path):
    engine = ForeignEngine(encoders.clip(tmp_path / "clip.onnx", batch=4))
    for count in (1, 4, 6):
        close(engine(pixels(count)), embedded(pixels(count), *IMAGENET).mean(axis=1))
    assert engine(pixels(0)).shape == (0, WIDTH)


def test_one_that_takes_one_size_says_so_and_has_no_scales(tmp_path):
    open_sides = ForeignEngine(encoders.vit(tmp_path / "vit.onnx"), Asked(image_size="32"))
    clip = ForeignEngine(encoders.clip(tmp_path / "clip.onnx"))
    assert clip.one_size and not open_sides.one_size
    open_sides.__dict__.pop("one_size")
    open_sides._output = "no such output"  # as a file whose sides are open and whose places are not, it fails
    assert open_sides.one_size
    with pytest.raises(InputError, match="--multiscale: clip takes pictures of 32 x 32 pixels alone; leave it out"):
        Scales(clip, (1, 0.5))
    np.testing.assert_allclose(np.linalg.norm(Scales(clip, (1.0,))(pixels(2)), axis=1), 1, rtol=1e-6)


def test_half_floats_and_bytes(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = ForeignEngine(encoders.clip(tmp_path / "half.onnx", kind=encoders.FLOAT16))
    np.testing.assert_allclose(engine(pixels(2)), embedded(pixels(2), *IMAGENET).mean(axis=1), atol=0.02)
    engine = ForeignEngine(encoders.of_bytes(tmp_path / "bytes.onnx"), Asked(image_size="8x6"))
    close(engine(pixels(2, 8, 6)), pixels(2, 8, 6).mean(axis=(1, 2)))
    assert "takes NHWC uint8, 8x6 pixels, as bytes; gives colours" in caplog.text


def test_the_network_is_another_one_where_anything_that_counts_is(tmp_path):
    file = encoders.clip(tmp_path / "clip.onnx")
    asked = [Asked(), Asked(mean="0.5", std="0.5"), Asked(output="last_hidden_state")]
    marks = {ForeignEngine(file, one).facts.network for one in [*asked, *asked]}
    assert len(marks) == 3
    opener = pickle.loads(pickle.dumps(partial(ForeignEngine, file, asked[1])))
    assert opener().facts.network == ForeignEngine(file, asked[1]).facts.network


def sentences(path):
    nodes = [helper.make_node("Cast", ["input_ids"], ["out"], to=FLOAT)]
    return encoders.save(path, nodes, [("input_ids", INT64, ("n", "t"))], [("out", FLOAT, ("n", "t"))])


def both_towers(path):
    nodes = [helper.make_node("ReduceMean", ["pixels"], ["out"], axes=(2, 3), keepdims=0)]
    inputs = [("input_ids", INT64, ("n", "t")), ("pixels", FLOAT, ("n", 3, 8, 8))]
    return encoders.save(path, nodes, inputs, [("out", FLOAT, ("n", 3))])


def grey(path):
    nodes = [helper.make_node("ReduceMean", ["x"], ["out"], axes=(2, 3), keepdims=0)]
    return encoders.save(path, nodes, [("x", FLOAT, ("n", 1, 8, 8))], [("out", FLOAT, ("n", 1))])


def whole_numbers(path):
    nodes = [helper.make_node("ReduceMax", ["x"], ["out"], axes=(2, 3), keepdims=0)]
    return encoders.save(path, nodes, [("x", INT64, ("n", 3, 8, 8))], [("out", INT64, ("n", 3))])


def several(path):
    nodes = [helper.make_node("ReduceMean", ["x"], [name], axes=(2, 3), keepdims=0) for name in ("a", "b")]
    return encoders.save(path, nodes, [("x", FLOAT, ("n", 3, 8, 8))], [(name, FLOAT, ("n", 3)) for name in "ab"])


def one_number(path):
    nodes = [helper.make_node("ReduceMean", ["x"], ["out"], keepdims=0)]
    return encoders.save(path, nodes, [("x", FLOAT, ("n", 3, 8, 8))], [("out", FLOAT, ())])


def never_finite(path):
    nodes = [
        helper.make_node("Sub", ["x", "x"], ["zero"]),
        helper.make_node("Div", ["zero", "zero"], ["nan"]),
        helper.make_node("ReduceMean", ["nan"], ["out"], axes=(2, 3), keepdims=0),
    ]
    return encoders.save(path, nodes, [("x", FLOAT, ("n", 3, 8, 8))], [("out", FLOAT, ("n", 3))])


@pytest.mark.parametrize(
    "make, asked, what",
    [
        (sentences, {}, "takes no pictures, but input_ids"),
        (both_towers, {}, "takes more than pictures: input_ids"),
        (grey, {}, "no pictures of three colours"),
        (whole_numbers, {}, r"takes pictures as tensor\(int64\), not as floats"),
        (several, {}, "has several outputs, a .*, b .*; say by --output"),
        (several, {"output": "c"}, "--output=c: .* has no such output, but a"),
        (one_number, {}, "its output out is no vector a picture"),
        (never_finite, {}, "is not finite for a picture of 8 pixels"),
        (encoders.vit, {}, "does not tell the size of its pictures; give --image-size"),
        (encoders.vit, {"image_size": "4"}, "cannot take a picture of 4 pixels"),
        (encoders.clip, {"image_size": "64"}, "--image-size=64: .* takes pictures of 32 pixels and no others"),
        (encoders.clip, {"image_size": "big"}, "--image-size=big: give pixels above 0"),
        (encoders.clip, {"mean": "0.5"}, "--std: give --mean and --std"),
        (encoders.clip, {"mean": "a", "std": "1"}, "--mean=a: give one number, or three"),
        (encoders.clip, {"mean": "1,2", "std": "1"}, "--mean=1,2: give one number, or three"),
        (encoders.clip, {"mean": "0", "std": "0"}, "--std=0: must be above 0"),
        (encoders.clip, {"range": "256"}, "--range=256: must be 1"),
        (encoders.clip, {"pool": "gem"}, "--pool=gem: of a foreign encoder, must be class"),
    ],
)
def test_what_is_wrong_with_a_file_or_a_flag_is_one_line(tmp_path, make, asked, what):
    with pytest.raises(InputError, match=what) as told:
        ForeignEngine(make(tmp_path / "encoder.onnx"), Asked(**asked))
    assert "\n" not in str(told.value) and len(str(told.value)) < 600
