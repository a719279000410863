"""Members of archives come as they were packed, from any thread; what is damaged is named."""

import io
import os
import struct
import tarfile
import threading
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.files import contents, packed

FILES = {
    "a.jpg": b"first",
    "cat/b.jpg": np.random.default_rng(0).bytes(5000),
    "cat/deep/ü.jpg": b"c" * 2000,
    "empty.jpg": b"",
}


def write_tar(path, files=FILES, mode="w", **how):
    with tarfile.open(path, mode, **how) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return str(path)


def write_zip(path, files=FILES, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as packing:
        for name, data in files.items():
            packing.writestr(name, data)
    return str(path)


WRITERS = {
    "deflated zip": lambda folder: write_zip(folder / "x.zip"),
    "stored zip": lambda folder: write_zip(folder / "x.ZIP", method=zipfile.ZIP_STORED),
    "pax tar": lambda folder: write_tar(folder / "x.tar"),
    "gnu tar": lambda folder: write_tar(folder / "x.tar", format=tarfile.GNU_FORMAT),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_members_are_what_was_packed(tmp_path, writer):
    archive = WRITERS[writer](tmp_path)
    assert set(packed.index(archive).members) == set(FILES)
    assert {name: contents.read(f"{archive}/{name}") for name in FILES} == FILES
    assert {name: contents.size(f"{archive}/{name}") for name in FILES} == {n: len(d) for n, d in FILES.items()}
    assert contents.first(f"{archive}/cat/b.jpg", 7) == FILES["cat/b.jpg"][:7]


@pytest.mark.parametrize("writer", WRITERS)
def test_many_threads_read_one_archive_that_is_indexed_once(tmp_path, writer, monkeypatch):
    archive = WRITERS[writer](tmp_path)
    indexed, members = [], packed._members
    monkeypatch.setattr(packed, "_members", lambda path: indexed.append(path) or members(path))
    names, together = list(FILES) * 50, threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: together.wait(), range(8)))
        found = list(pool.map(lambda name: contents.read(f"{archive}/{name}"), names))
    assert found == [FILES[name] for name in names]
    assert indexed == [archive]


def test_an_archive_that_changes_is_read_anew(tmp_path):
    path = write_tar(tmp_path / "x.tar")
    assert contents.read(f"{path}/a.jpg") == b"first"
    write_tar(tmp_path / "x.tar", {"a.jpg": b"second", "b.jpg": bytes(20_000)})
    assert contents.read(f"{path}/a.jpg") == b"second"


def test_paths_are_the_same_however_they_are_packed(tmp_path):
    path = write_tar(tmp_path / "x.tar", {"./a.jpg": b"1", "/b//c.jpg": b"2", "d" * 150 + "/e.jpg": b"3"})
    assert list(packed.index(path).members) == ["a.jpg", "b/c.jpg", "d" * 150 + "/e.jpg"]
    path = write_zip(tmp_path / "x.zip", {"cat\\a.jpg": b"1"})
    assert contents.read(f"{path}/cat/a.jpg") == b"1"


def test_names_in_any_bytes_and_second_names_of_one_file_are_read(tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"abc"))
        link = tarfile.TarInfo("again.jpg")
        link.type, link.linkname = tarfile.LNKTYPE, name
        tar.addfile(link)
    assert contents.read(f"{path}/{name}") == contents.read(f"{path}/again.jpg") == b"abc"


def test_split_finds_files_only(tmp_path):
    path = write_zip(tmp_path / "x.zip")
    (tmp_path / "y.zip").mkdir()
    (tmp_path / "y.zip" / "z.jpg").write_bytes(b"plain")
    assert packed.split(f"{path}/cat/b.jpg") == (path, "cat/b.jpg")
    assert packed.split(path) == (path, "")
    assert packed.split(str(tmp_path / "y.zip" / "z.jpg")) is None
    assert contents.read(str(tmp_path / "y.zip" / "z.jpg")) == b"plain"


@pytest.mark.parametrize("cut", [300, 600, 5000, 7000])
def test_a_tar_that_ends_early_is_said(tmp_path, cut):
    path = write_tar(tmp_path / "x.tar", {"a.jpg": bytes(4000), "b.jpg": bytes(4000)})
    os.truncate(path, cut)
    with pytest.raises(InputError, match=r"x\.tar is damaged or no tar archive \(.*\): fetch it again"):
        packed.index(path)


def test_a_tar_with_rubbish_in_the_middle_is_said(tmp_path):
    path = write_tar(tmp_path / "x.tar", {"a.jpg": bytes(512), "b.jpg": bytes(512)})
    with open(path, "r+b") as file:
        file.seek(1024)
        file.write(b"rubbish" * 50)
    with pytest.raises(InputError, match="no member"):
        packed.index(path)


def test_a_tar_without_its_end_mark_is_whole(tmp_path):
    path = write_tar(tmp_path / "x.tar", {"a.jpg": b"1" * 512})
    os.truncate(path, 1024)
    assert contents.read(f"{path}/a.jpg") == b"1" * 512


@pytest.mark.parametrize("ending", ["tar.gz", "tgz", "tar.xz", "tar"])
def test_a_tar_that_is_packed_as_a_whole_is_refused(tmp_path, ending):
    path = write_tar(tmp_path / f"x.{ending}", mode="w:xz" if ending == "tar.xz" else "w:gz")
    with pytest.raises(InputError, match=r"packed as a whole .*make a plain \.tar of it"):
        packed.index(path)


def test_other_files_called_as_archives_are_said(tmp_path):
    for name in ("x.zip", "x.tar"):
        (tmp_path / name).write_bytes(b"no archive at all" * 100)
        with pytest.raises(InputError, match=f"{name} is damaged"):
            contents.read(str(tmp_path / name / "a.jpg"))


def test_a_damaged_member_is_said_and_the_others_are_read(tmp_path):
    path = write_zip(tmp_path / "x.zip", {"a.jpg": b"1" * 100, "b.jpg": b"2" * 100}, method=zipfile.ZIP_STORED)
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[data.index(b"1" * 100) + 50] = 0
    (tmp_path / "x.zip").write_bytes(data)
    assert contents.read(f"{path}/b.jpg") == b"2" * 100
    with pytest.raises(contents.Unopened, match="checksum") as error:
        contents.read(f"{path}/a.jpg")
    assert error.value.path == f"{path}/a.jpg"
    with pytest.raises(contents.Unopened, match=r"there is no c\.jpg in"):
        contents.read(f"{path}/c.jpg")


def test_encrypted_and_oddly_packed_members_are_said(tmp_path):
    path = write_zip(tmp_path / "x.zip", {"a.jpg": b"1" * 100}, method=zipfile.ZIP_BZIP2)
    with pytest.raises(contents.Unopened, match=r"method \(number 12\)"):
        contents.read(f"{path}/a.jpg")
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "y.zip").write_bytes(data)
    with pytest.raises(contents.Unopened, match="encrypted"):
        contents.read(str(tmp_path / "y.zip" / "a.jpg"))


def zip_of(path, name, *, extra=b"", made_on=0, flags=0):
    """A zip of one stored file whose name is these bytes, as other programs than Python write it."""
    data = b"picture"
    sizes = struct.pack("<III", zlib.crc32(data), len(data), len(data))
    common = struct.pack("<HHHHH", 20, flags, 0, 0, 0) + sizes + struct.pack("<HH", len(name), len(extra))
    local = b"PK\3\4" + common + name + extra + data
    central = b"PK\1\2" + struct.pack("<BB", 20, made_on) + common + bytes(14) + name + extra
    path.write_bytes(local + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0))
    return str(path)


def unicode_path(name, said):
    return struct.pack("<HHBI", 0x7075, 5 + len(said), 1, zlib.crc32(name)) + said


UTF8 = "blüte 花.jpg".encode()
NAMES_IN_ZIPS = {
    "Linux and macOS, without the flag": (UTF8, {"made_on": 3}, "blüte 花.jpg"),
    "by the flag": (UTF8, {"flags": 1 << 11}, "blüte 花.jpg"),
    "beside the plain name": (b"bl?te.jpg", {"extra": b"UT\1\0\7" + unicode_path(b"bl?te.jpg", UTF8)}, "blüte 花.jpg"),
    "beside a name that was changed": (b"new.jpg", {"extra": unicode_path(b"old.jpg", UTF8)}, "new.jpg"),
    "beside nothing": (b"a.jpg", {"extra": struct.pack("<HHB", 0x7075, 1, 1)}, "a.jpg"),
    "bytes of another encoding": (b"caf\xe9.jpg", {"made_on": 3}, os.fsdecode(b"caf\xe9.jpg")),
    "Windows and DOS": (b"bl\x81te.jpg", {}, "blüte.jpg"),
}


@pytest.mark.parametrize("kind", NAMES_IN_ZIPS)
def test_names_in_a_zip_are_as_the_packing_program_meant_them(tmp_path, kind):
    name, how, wanted = NAMES_IN_ZIPS[kind]
    path = zip_of(tmp_path / "x.zip", name, **how)
    assert list(packed.index(path).members) == [wanted]
    assert contents.read(f"{path}/{wanted}") == b"picture"
