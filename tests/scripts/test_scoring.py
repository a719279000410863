"""Scores that are printed of the codes of any run, whichever family trained it."""

import json
from pathlib import Path

import numpy as np
import pytest

from datasets.images import digits
from datasets.images.skipped import Skipped
from hashing.cross import losses as across

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.mark.parametrize("method", [*across.names(), "hashnet"])
def test_codes_of_every_family_are_scored_by_hamming_distance(tmp_path, monkeypatch, capsys, method):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import scoring

    (tmp_path / "options.json").write_text(json.dumps({"method": method, "bits": 16, "test_size": "28"}))
    images = digits.load(None)
    made = np.random.default_rng(0).standard_normal((len(images), 16)).astype(np.float32)
    found = scoring.scored(made, images, images, Skipped(len(images)), run=tmp_path, part="test", dtype="float32")
    assert (found.metric, found.dim, found.query_activations) == ("hamming", 16, None)
    assert "map@all" in capsys.readouterr().out
