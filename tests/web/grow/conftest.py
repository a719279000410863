"""What tests of growth share: a second encoder, an upgrade that is embedded, and runs that look as if trained."""

import hashlib
import json

import encoders
import pytest

from web.galleries.models import Job
from web.galleries.work import running
from web.grow import upgrade
from web.serving.network import Spec


@pytest.fixture
def gallery(gallery, photos):
    """That of all tests, whose pictures are known by their contents."""
    for picture in gallery.pictures.all():
        picture.content = hashlib.sha256((photos / picture.path).read_bytes()).hexdigest()
        picture.save()
    return gallery


@pytest.fixture
def other(tmp_path):
    """The Spec of another encoder than the gallery's."""
    return Spec("onnx", path=str(encoders.clip(tmp_path / "other.onnx", side=16)))


@pytest.fixture
def run_folder(tmp_path):
    """A folder that looks like a run, whose network cannot be opened."""

    def make(name="run", **options):
        folder = tmp_path / name
        (folder / "best").mkdir(parents=True)
        (folder / "best" / "net.params").write_bytes(b"none")
        (folder / "options.json").write_text(json.dumps({"data": "glyphs", "data_path": None, **options}))
        return folder

    return make


@pytest.fixture
def upgraded(gallery, other):
    """A version of ``gallery`` by ``other`` that is embedded and compared."""
    version = upgrade.begin(gallery, other, None)
    done(version.jobs.get())
    version.refresh_from_db()
    return version


@pytest.fixture
def do():
    """Do a job here, as the process that works does it."""
    return done


def done(job):
    running.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.message
    return job
