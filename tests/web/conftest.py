"""What tests of the search page share: Django set up on a folder of its own, a small gallery, people who are signed in.

Without Django (pip install -e ".[web]") none of them is collected.
"""

import atexit
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

THERE = importlib.util.find_spec("django") is not None and importlib.util.find_spec("onnxruntime") is not None
collect_ignore_glob = [] if THERE else ["*"]

if THERE:
    os.environ["WEB_DATA"] = tempfile.mkdtemp(prefix="web-tests-")
    atexit.register(shutil.rmtree, os.environ["WEB_DATA"], ignore_errors=True)
    os.environ["WEB_WORK"] = "0"  # a test that wants a process begins it
    os.environ.setdefault("SECRET_KEY", "of tests alone")
    os.environ["DJANGO_SETTINGS_MODULE"] = "web.settings"
    import django

    django.setup()
    django.conf.settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quick one

    import encoders


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """SQLite in a file, as on a server: in memory, threads would be refused where a server's wait for each other."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = os.path.join(os.environ["WEB_DATA"], "tests.sqlite3")


COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 50, 210)}


def draw(path: Path, colour, seed=0, side=64) -> Path:
    """A picture of one colour, with a little noise and a light square somewhere, as a JPEG."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(np.array(colour) + rng.normal(0, 12, (side, side, 3)), 0, 255).astype(np.uint8)
    left, top = rng.integers(0, side - 16, 2)
    pixels[top : top + 16, left : left + 16] = 235
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[:, :, ::-1])
    return path


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """A folder of 8 pictures of each colour, a class a folder; for all tests, so that none may change it."""
    folder = tmp_path_factory.mktemp("drawn") / "photos"
    for number, (name, colour) in enumerate(COLOURS.items()):
        for count in range(8):
            draw(folder / name / f"{count}.jpg", colour, seed=100 * number + count)
    return folder


@pytest.fixture
def photos(drawn, tmp_path) -> Path:
    """Such a folder for one test alone."""
    return Path(shutil.copytree(drawn, tmp_path / "photos"))


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """The Spec of an ONNX encoder of pictures that takes a millisecond."""
    from web.serving.network import Spec

    return Spec("onnx", path=str(encoders.clip(tmp_path_factory.mktemp("encoder") / "encoder.onnx")))


@pytest.fixture(scope="session")
def embedded(drawn, encoder):
    """The vectors (24, 6) of ``drawn``, in the order of their paths."""
    from web.serving import network

    files = sorted(drawn.rglob("*.jpg"))
    return np.stack([network.opened(encoder).picture(file.read_bytes(), file.name) for file in files])


@pytest.fixture
def gallery(db, photos, encoder, embedded, settings, tmp_path):
    """A gallery of ``photos``, embedded, whose pictures have the classes of their folders."""
    from web.galleries.models import Gallery, Version
    from web.serving import network, snapshot

    settings.DATA = tmp_path / "web"
    made = Gallery.objects.create(slug="colours", name="Colours", source=str(photos))
    facts = network.opened(encoder).facts
    about = {"fingerprint": facts.network, "dim": facts.dim, "state": "ready", "snapshot": 1}
    version = Version.objects.create(gallery=made, number=1, network=str(encoder), **about)
    ids = np.array([picture.pk for picture in _pictures(made, photos)])
    snapshot.write(version.snapshot_folder, ids, embedded, name="colours", network=facts.network)
    made.active = version
    made.save()
    return made


def _pictures(gallery, photos):
    from web.galleries.models import Picture

    return Picture.objects.bulk_create(
        Picture(
            gallery=gallery,
            path=str(file.relative_to(photos)),
            category=file.parent.name,
            size=file.stat().st_size,
            changed=file.stat().st_mtime_ns,
            width=64,
            height=64,
        )
        for file in sorted(photos.rglob("*.jpg"))
    )


@pytest.fixture(autouse=True)
def in_english():
    """The language of a test's last request stays with its thread."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(autouse=True)
def unhurried():
    """No test is refused for how often those before it asked."""
    from web.safety import limits

    limits.forget()


@pytest.fixture
def user(db, django_user_model):
    """Somebody who may search and annotate."""
    return django_user_model.objects.create_user("ann", password="of-tests-alone")


@pytest.fixture
def staff(db, django_user_model):
    """Somebody who may also add, grow and remove galleries."""
    return django_user_model.objects.create_user("sue", password="of-tests-alone", is_staff=True)


@pytest.fixture
def browser(client, user):
    """A client in which ``user`` is signed in."""
    client.force_login(user)
    return client


@pytest.fixture
def staff_browser(client, staff):
    """A client in which ``staff`` is signed in."""
    client.force_login(staff)
    return client
