"""A whole run of codes of sketches and photographs, and both of its sides put to use."""

import json
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import outlines
from datasets.stored import vectors_file
from embedding.engine import onnx
from embedding.extraction import memory
from embedding.extraction.job import opened
from hashing import codes
from hashing.evaluation.scores import evaluate
from hashing.sketches.options import SketchHashOptions
from hashing.sketches.serving.opened import knows_sketches, sides


def rows_of(folder):
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {line["row"]: line for line in found if line["kind"] == "scores"}


def test_a_run_leaves_all_it_promises(coded_run):
    assert coded_run.name == "outlines-deep_sketch"
    assert list(rows_of(coded_run)) == ["untrained trunk", "itq", "lsh", "pca", "last"]
    assert (coded_run / "report" / "index.html").exists()
    assert "unseen map@all" in rows_of(coded_run)["itq"]


def test_scores_are_those_of_the_one_evaluation_of_codes(coded_run):
    vectors = vectors_file.load(coded_run / "vectors.h5")
    assert (vectors.metric, vectors.dim, vectors.gallery.dtype) == ("hamming", 16, np.uint8)
    row = rows_of(coded_run)["last"]
    trained = outlines.load()
    seen = np.unique(trained.labels[trained.train])
    for part, wanted in (("seen", True), ("unseen", False)):
        asks, answers = (np.isin(of, seen) == wanted for of in (vectors.query_labels, vectors.gallery_labels))
        kept = replace(
            vectors,
            query_labels=np.array(vectors.query_labels)[asks],
            query_paths=tuple(np.array(vectors.query_paths)[asks]),
            queries=vectors.queries[asks],
            gallery=vectors.gallery[answers],
            gallery_labels=vectors.gallery_labels[answers],
            gallery_paths=tuple(np.array(vectors.gallery_paths)[answers]),
            gallery_trained=None,
            neighbors=None,
            distances=None,
        )
        assert row[f"{part} map@all"] == pytest.approx(evaluate(kept)["map@all"])


@pytest.mark.parametrize("engine", ["mxnet", "onnx"])
def test_both_sides_are_opened_and_give_the_codes_of_the_run(coded_run, engine):
    if engine == "onnx" and not onnx.installed():
        pytest.skip("ONNX Runtime is not installed")
    assert knows_sketches(coded_run)
    images, vectors = outlines.load(), vectors_file.load(coded_run / "vectors.h5")
    place = {images.image_name(row): row for row in range(len(images))}
    for side, paths, expected in zip(
        sides(coded_run, engine=engine),
        (vectors.query_paths, vectors.gallery_paths),
        (vectors.queries, vectors.gallery),
        strict=True,
    ):
        made = opened(side)
        assert made.facts.codes and made.facts.dim == 16
        rows = np.array([place[path] for path in paths[:10]])
        size = {"size": made.facts.size, "resize": made.facts.resize}
        found = codes.pack(memory.vectors(made, images, rows, batch_size=10, **size))
        assert np.unpackbits(found ^ np.array(expected[:10])).sum() <= 1


def test_another_run_knows_no_sketches(tmp_path):
    (tmp_path / "options.json").write_text("{}")
    with pytest.raises(InputError, match="is no run of train_sketch.py: its network knows no sketches"):
        sides(tmp_path)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"bits": 12}, "--bits=12: must be a multiple of 8"),
        ({"method": "deep_scetch"}, "unknown method 'deep_scetch'"),
        ({"embed_dim": 64}, "--embed-dim=64: give the length of codes as --bits"),
    ],
)
def test_what_cannot_be_is_refused(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        SketchHashOptions(**changes).check()
