"""What the tests of image sets share: small trees in the sets' layouts, and a server that offers their archives."""

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import image_trees
import instance_trees
import pytest


@pytest.fixture
def offer(server, monkeypatch):
    """``offer(module, name, folder)`` serves the contents of a folder as the archive that a set's module downloads."""

    def serve(module, name, content):
        base = content.parent / "packed"
        kind = "zip" if name.endswith(".zip") else "gztar" if name.endswith(".tgz") else "tar"
        packed = Path(shutil.make_archive(str(base), kind, content)).read_bytes()
        server.files[name] = packed
        if hasattr(module, "URL"):
            monkeypatch.setattr(module, "URL", f"{server.address}/{name}")
            monkeypatch.setattr(module, "MD5", hashlib.md5(packed).hexdigest())
        else:
            monkeypatch.setattr(module, "HOME", server.address)
        return server

    return serve


@pytest.fixture(scope="session")
def write():
    """Writers of trees: ``write.sop(folder)`` writes a small Stanford Online Products, and so on."""
    return SimpleNamespace(**vars(image_trees.WRITE), **vars(instance_trees.WRITE))
