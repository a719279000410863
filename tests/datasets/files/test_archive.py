"""Archives are downloaded beside the folder that they are unpacked to, once."""

import hashlib
import io
import logging
import zipfile

import pytest

from datasets.errors import InputError
from datasets.files import archive


@pytest.fixture
def packed(server):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("inner/list.txt", "1 a.jpg")
    server.files["set.zip"] = content.getvalue()
    return server


def test_it_is_downloaded_and_unpacked_once(packed, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    md5 = hashlib.md5(packed.files["set.zip"]).hexdigest()
    for _ in range(2):
        found = archive.unpacked(f"{packed.address}/set.zip", tmp_path / "set", md5=md5)
        assert found == tmp_path / "set"
        assert (found / "inner" / "list.txt").read_text() == "1 a.jpg"
    assert len(packed.asked) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"downloading {packed.address}/set.zip to {tmp_path / 'set.zip'}"
    ]


def test_a_file_brought_by_hand_is_taken(packed, tmp_path):
    (tmp_path / "set.zip").write_bytes(packed.files["set.zip"])
    assert (archive.unpacked("http://nowhere/set.zip", tmp_path / "set") / "inner").is_dir()


def test_a_wrong_checksum_is_refused(packed, tmp_path):
    with pytest.raises(InputError, match=r"expected md5 0+, found .* \(or put set.zip into .* by other means\)"):
        archive.unpacked(f"{packed.address}/set.zip", tmp_path / "set", md5="0" * 32)
    assert not (tmp_path / "set").exists()
