"""What an image-text run refuses or says before it has cost time, and when it goes on after something has changed."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError, RunFailed
from datasets.stored import vectors_file
from embedding import session
from embedding.mx import contexts, mx
from embedding.training.fit import Diverged
from vse import build
from vse import train as training
from vse.network.vocab import Vocabulary
from vse.search import gallery
from vse.train import train


@pytest.fixture
def tiny(small, features):
    """Called with changes, options of a run on features."""
    return lambda **changes: small(**{"data": "tiny_precomp", "data_path": features, "epochs": 1, **changes})


def test_a_batch_that_devices_cannot_share_is_told(tiny, monkeypatch):
    monkeypatch.setattr(training, "contexts", lambda _: [mx.cpu(i) for i in range(3)])
    with pytest.raises(InputError, match="--batch-size=16: a batch of 16 captions cannot be dealt evenly to 3 devices"):
        train(tiny())


@pytest.mark.parametrize("finetune", [False, True])
def test_several_devices_train_together(small, pictures, finetune, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "contexts", lambda _: [mx.cpu(0), mx.cpu(1)])
    options = small(data="flickr8k", data_path=pictures, finetune=finetune, epochs=1)
    folder = train(options)
    vectors = vectors_file.load(folder / "vectors.h5")
    found = build.trained(folder, "best", contexts("")).embedder.sentences(vectors.query_paths)
    np.testing.assert_allclose(found, vectors.queries, atol=1e-5)
    train(replace(options, epochs=2))


@pytest.mark.parametrize("name", ["vocab", "word_vectors"])
def test_words_come_from_one_place(tiny, tmp_path, name):
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')}: words are those of --start"):
        train(tiny(start=tmp_path, **{name: tmp_path}))


def test_flags_that_change_nothing_are_named(tiny, caplog):
    caplog.set_level("INFO")
    train(tiny(model="resnet50", min_crop=0.5, dropout=0.1))
    assert "these change nothing here: --min-crop, --model" in caplog.messages
    caplog.clear()
    train(tiny(name="other"))
    assert not any("change nothing" in message for message in caplog.messages)


def test_a_vocabulary_that_changed_since_the_run_began_is_told(tiny, tmp_path):
    words = tmp_path / "words.json"
    Vocabulary(["red", "blue"]).save(words)
    folder = train(tiny(vocab=words))
    Vocabulary(["red", "grey"]).save(words)
    with pytest.raises(InputError, match=r"vocabulary\.json: has other words than the run would go on with"):
        train(tiny(vocab=words, epochs=2))
    assert Vocabulary.load(folder / "vocabulary.json").known == ("red", "blue")


def test_drops_of_the_rate_do_not_keep_from_more_epochs(tiny):
    options = tiny(lr_update=2)
    captions = build.caption_set(options)
    assert replace(options, loss="max_hinge", epochs=5).for_captions(captions).drops == (2, 4)
    train(options)
    train(replace(options, epochs=3))


def test_what_to_try_after_a_divergence_is_a_flag_of_this_command(tiny, monkeypatch):
    def diverges(*_, **__):
        raise Diverged("the loss became nan in epoch 1")
        yield

    monkeypatch.setattr(session, "fit", diverges)
    with pytest.raises(RunFailed, match=r"with a lower --lr or with a lower --grad-clip$"):
        train(tiny())


def test_vectors_tell_which_network_made_them(tiny):
    folder = train(tiny())
    assert vectors_file.load(folder / "vectors.h5").attrs["network"] == gallery.fingerprint(folder)


@pytest.mark.parametrize("text", ["5", "[]", '"word_dim"'])
def test_options_that_are_none_are_told(tmp_path, text):
    (tmp_path / "options.json").write_text(text)
    with pytest.raises(InputError, match=r"is no run of train_vse\.py"):
        build.trained(tmp_path, "best", [])


def test_a_run_with_first_word_vectors_needs_them_no_more(tiny, tmp_path):
    vectors = tmp_path / "glove.txt"
    vectors.write_text("red " + " ".join(["0.5"] * 12))
    folder = train(tiny(word_vectors=vectors))
    vectors.unlink()
    queries = vectors_file.load(folder / "vectors.h5")
    found = build.trained(folder, "best", contexts("")).embedder.sentences(queries.query_paths)
    np.testing.assert_allclose(found, queries.queries, atol=1e-5)


def test_a_frozen_trunk_is_that_of_the_run_that_it_starts_from(small, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = small(data="flickr8k", data_path=pictures, epochs=1, lr_mult=1.0)
    tuned = train(replace(options, name="tuned", finetune=True))
    folder = train(replace(options, name="frozen", finetune=False, lr_mult=None, start=tuned))
    vectors, captions = vectors_file.load(folder / "vectors.h5"), build.caption_set(options)
    found = build.trained(folder, "best", contexts("")).embedder.images(captions.as_images(), captions.test)
    np.testing.assert_allclose(found, vectors.gallery, atol=1e-5)
