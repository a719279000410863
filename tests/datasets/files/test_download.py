"""Downloads survive a bad network and refuse what is wrong; archives cannot write outside of their folder."""

import hashlib
import http.server
import io
import os
import stat
import tarfile
import threading
import zipfile
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.files import download

BODY = np.random.default_rng(0).bytes(3_000_000)
SHA256, MD5 = hashlib.sha256(BODY).hexdigest(), hashlib.md5(BODY).hexdigest()
PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY; what goes wrong is in the address, what was asked is in ``server.asked``."""

    def do_GET(self):
        self.server.asked.append(self.headers["Range"])
        getattr(self, "send_" + self.path.split("/")[1])()

    def send_good(self):
        start, _, last = (self.headers["Range"] or "bytes=0-")[6:].partition("-")
        start = int(start)
        if start >= len(BODY):
            return self.reply(b"", status=416)
        body = BODY[start : int(last) + 1] if last else BODY[start:]
        self.reply(body, status=206 if self.headers["Range"] else 200, start=start)

    def send_cut(self):
        """The first reply ends half way, as if the cable was pulled; the next ones are good."""
        if len(self.server.asked) > 1:
            return self.send_good()
        self.reply(BODY, sent=len(BODY) // 2)

    def send_often_cut(self):
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        self.reply(BODY[start:], status=206 if start else 200, start=start, sent=500_000)

    def send_without_range(self):
        self.reply(BODY)

    def send_endless_cut(self):
        self.reply(BODY, sent=1000)

    def send_cut_without_range(self):
        self.reply(BODY, sent=len(BODY) // 2 if len(self.server.asked) == 1 else None)

    def send_other_range(self):
        start = 77 if len(self.server.asked) == 1 else 0
        self.reply(BODY[start:], status=206 if start else 200, start=start)

    def send_busy(self):
        self.send_good() if len(self.server.asked) > 2 else self.reply(b"", status=503)

    def send_wrong(self):
        self.reply(BODY[:-1] + bytes([BODY[-1] ^ 1]))

    def send_page(self):
        self.reply(PAGE, kind="text/html; charset=utf-8")

    def send_disguised_page(self):
        self.reply(PAGE)

    def send_nothing(self):
        self.reply(PAGE, status=404, kind="text/html")

    def reply(self, body, *, status=200, start=0, sent=None, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(BODY)}")
        self.end_headers()
        with suppress(ConnectionError):  # a client that wanted the first bytes only hangs up
            for place in range(0, len(body[:sent]), 10_000):
                self.server.sent += self.wfile.write(body[place : min(place + 10_000, sent or len(body))])

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "WAITS", (0.0, 0.01, 0.01))
    monkeypatch.setattr(download, "CHUNK", 100_000)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.sent = [], 0
        running.handle_error = lambda *_: None  # a client that has seen enough hangs up
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def fetch(server, tmp_path):
    def fetch_to_target(what, name="set.tgz", **checks):
        return download.fetch(f"http://127.0.0.1:{server.server_port}/{what}", tmp_path / "data" / name, **checks)

    return fetch_to_target


def part_of(tmp_path):
    return tmp_path / "data" / "set.tgz.part"


def write_part(tmp_path, content):
    part_of(tmp_path).parent.mkdir()
    part_of(tmp_path).write_bytes(content)


def test_a_good_file_arrives_whole_and_once(fetch, server, tmp_path):
    for _ in range(2):
        file = fetch("good", size=len(BODY), sha256=SHA256.upper(), md5=MD5)
        assert file == tmp_path / "data" / "set.tgz" and file.read_bytes() == BODY
    assert server.asked == [None]
    assert os.listdir(tmp_path / "data") == ["set.tgz"]


def test_an_old_file_with_another_checksum_is_replaced(fetch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "set.tgz").write_bytes(b"old")
    assert fetch("good").read_bytes() == b"old"  # nothing to check it by
    assert fetch("good", md5=MD5).read_bytes() == BODY


def test_a_cut_connection_is_taken_up_where_it_ended(fetch, server):
    assert fetch("cut", sha256=SHA256).read_bytes() == BODY
    assert server.asked == [None, f"bytes={len(BODY) // 2}-"]


def test_the_part_of_an_earlier_call_is_taken_up(fetch, server, tmp_path):
    write_part(tmp_path, BODY[:1234])
    assert fetch("good", sha256=SHA256).read_bytes() == BODY
    assert server.asked == ["bytes=1234-"]


def test_a_server_without_range_sends_it_all_again(fetch, server):
    assert fetch("cut_without_range", sha256=SHA256).read_bytes() == BODY
    assert server.asked == [None, f"bytes={len(BODY) // 2}-"]


@pytest.mark.parametrize("what", ["good", "cut_without_range"])
def test_a_part_longer_than_the_file_is_begun_anew(fetch, server, tmp_path, what):
    write_part(tmp_path, BODY + b"more")
    assert fetch(what, sha256=SHA256).read_bytes() == BODY


def test_a_reply_with_other_bytes_than_asked_is_not_put_together(fetch, tmp_path):
    write_part(tmp_path, BODY[:1234])
    assert fetch("other_range").read_bytes() == BODY


def test_a_complete_part_of_known_size_is_not_asked_for(fetch, server, tmp_path):
    write_part(tmp_path, BODY)
    assert fetch("good", size=len(BODY), sha256=SHA256).read_bytes() == BODY
    assert server.asked == []


def test_a_connection_cut_each_time_ends_in_one_line_and_keeps_the_part(fetch, server, tmp_path):
    with pytest.raises(InputError, match=r"endless_cut: the connection ended after 1000 of 3000000 bytes, in 3 tries"):
        fetch("endless_cut")
    assert part_of(tmp_path).read_bytes() == BODY[:1000]
    assert len(server.asked) == 3


def test_a_download_that_gets_on_is_not_given_up_however_often_it_is_cut(fetch, server):
    assert fetch("often_cut", sha256=SHA256).read_bytes() == BODY
    assert len(server.asked) == len(BODY) // 500_000 > len(download.WAITS)


def test_only_the_first_bytes_are_asked_for(fetch, server):
    for _ in range(2):
        assert fetch("good", first=250_000).read_bytes() == BODY[:250_000]
    assert server.asked == ["bytes=0-249999"] and server.sent == 250_000


def test_the_first_bytes_are_taken_up_where_an_earlier_call_ended(fetch, server, tmp_path):
    write_part(tmp_path, BODY[:1234])
    digest = hashlib.sha256(BODY[:250_000]).hexdigest()
    assert fetch("good", first=250_000, sha256=digest).read_bytes() == BODY[:250_000]
    assert server.asked == ["bytes=1234-249999"]


def test_of_a_server_without_range_the_first_bytes_are_kept_and_the_rest_is_not_read(fetch, server, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 1000)
    assert fetch("without_range", first=2500).read_bytes() == BODY[:2500]
    assert len(server.asked) == 1


def test_a_file_that_has_not_so_many_first_bytes_is_refused(fetch):
    with pytest.raises(InputError, match="/good: expected 3000001 bytes, but the server's file has 3000000"):
        fetch("good", first=len(BODY) + 1)


def test_a_disk_without_room_is_found_before_anything_is_written(fetch, tmp_path, monkeypatch):
    write_part(tmp_path, BODY[:1_000_000])
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_999_999))
    with pytest.raises(
        InputError, match=r"folder .*data has no room: 2\.0 MB are still to come, and 2\.0 MB are free;"
    ):
        fetch("good")
    assert part_of(tmp_path).read_bytes() == BODY[:1_000_000]
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000))
    assert fetch("good").read_bytes() == BODY


def test_a_busy_server_is_asked_again(fetch, server):
    assert fetch("busy", sha256=SHA256).read_bytes() == BODY
    assert len(server.asked) == 3


@pytest.mark.parametrize(("kind", "digest"), [("sha256", SHA256), ("md5", MD5)])
def test_a_wrong_byte_is_found_and_nothing_is_kept(fetch, tmp_path, kind, digest):
    with pytest.raises(InputError, match=rf"/wrong: expected {kind} {digest}, found [0-9a-f]+;"):
        fetch("wrong", **{kind: digest})
    assert os.listdir(tmp_path / "data") == []


def test_a_file_of_another_size_is_refused_before_it_is_downloaded(fetch, tmp_path):
    with pytest.raises(InputError, match=r"/good: expected 99 bytes, but the server's file has 3000000"):
        fetch("good", size=99)
    assert os.listdir(tmp_path / "data") == []


@pytest.mark.parametrize("what", ["page", "disguised_page"])
def test_a_web_page_in_place_of_the_file_is_refused(fetch, tmp_path, what):
    with pytest.raises(InputError, match=f"/{what} sent a web page, not the file"):
        fetch(what)
    assert os.listdir(tmp_path / "data") == []


def test_a_web_page_that_was_asked_for_is_welcome(fetch):
    assert fetch("page", name="index.html").read_bytes() == PAGE


def test_a_wrong_address_is_named_at_once(fetch, server):
    with pytest.raises(InputError, match=r"/nothing: the server answered 404"):
        fetch("nothing")
    assert len(server.asked) == 1


def test_no_server_and_no_address_are_named(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match=r"http://127.0.0.1:\d+/good: no connection \(.*refused.*\), in 3 tries"):
        download.fetch(f"http://127.0.0.1:{server.server_port}/good", tmp_path / "a")
    with pytest.raises(InputError, match="not an address"):
        download.fetch("not an address", tmp_path / "a")


def test_a_place_that_cannot_be_written_is_named(fetch, tmp_path):
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"folder .*data cannot be made"):
        fetch("good")


def test_the_bar_is_silent_where_stderr_is_no_terminal(fetch, capfd):
    fetch("good")
    assert capfd.readouterr() == ("", "")


def add_to_tar(tar, name, content=b"", **fields):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    tar.addfile(member, io.BytesIO(content))


def write_archive(file, name, content=b"hello"):
    """An archive of the kind that its ending says, with one member."""
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr(name, content)
        return file
    with tarfile.open(file, f"w:{ {'.tar': '', '.bz2': 'bz2'}.get(file.suffix, 'gz') }") as tar:
        add_to_tar(tar, name, content)
    return file


ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2")


@pytest.mark.parametrize("ending", ENDINGS)
def test_archives_are_unpacked_once(tmp_path, ending):
    archive = write_archive(tmp_path / f"set{ending}", "images/a.txt")
    folder = download.unpack(archive, tmp_path / "data" / "set")
    assert (folder / "images" / "a.txt").read_bytes() == b"hello"
    assert os.listdir(tmp_path / "data") == ["set"]
    archive.unlink()
    (folder / "mine.txt").touch()
    assert download.unpack(archive, folder) == folder and (folder / "mine.txt").exists()


def test_what_a_killed_call_left_is_cleared(tmp_path):
    (tmp_path / "set.part").mkdir()
    (tmp_path / "set.part" / "half.txt").touch()
    folder = download.unpack(write_archive(tmp_path / "set.zip", "a.txt"), tmp_path / "set")
    assert os.listdir(folder) == ["a.txt"]


def refused(archive, tmp_path, message):
    with pytest.raises(InputError, match=message):
        download.unpack(archive, tmp_path / "inner" / "set")
    assert not (tmp_path / "inner" / "set").exists() and not (tmp_path / "inner" / "set.part").exists()
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("ending", [".zip", ".tgz"])
@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:/evil.txt"])
def test_members_outside_of_the_folder_are_refused(tmp_path, ending, name):
    refused(
        write_archive(tmp_path / f"set{ending}", name), tmp_path, r"not safe to unpack: '.*evil.txt' would end outs"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.SYMTYPE, "linkname": "../../outside"},
        {"type": tarfile.LNKTYPE, "linkname": "../outside"},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.FIFOTYPE},
    ],
)
def test_links_outside_and_devices_are_refused(tmp_path, fields):
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        add_to_tar(tar, "good.txt", b"hello")
        add_to_tar(tar, "a/evil", **fields)
    refused(tmp_path / "set.tar", tmp_path, r"set.tar is not safe to unpack: .*evil")


def test_links_inside_are_kept(tmp_path):
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        add_to_tar(tar, "a/good.txt", b"hello")
        add_to_tar(tar, "b/link.txt", type=tarfile.SYMTYPE, linkname="../a/good.txt")
    assert (download.unpack(tmp_path / "set.tar", tmp_path / "set") / "b" / "link.txt").read_bytes() == b"hello"


def test_links_in_zip_archives_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        member = zipfile.ZipInfo("evil")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(member, "/etc/passwd")
    refused(tmp_path / "set.zip", tmp_path, "'evil' is a link")


@pytest.mark.parametrize("ending", ENDINGS)
def test_damaged_archives_are_named(tmp_path, ending):
    archive = write_archive(tmp_path / f"set{ending}", "a.txt", BODY[:100_000])
    archive.write_bytes(archive.read_bytes()[:50_000])
    refused(archive, tmp_path, r"set\..* cannot be unpacked to .*set: ")


def test_missing_and_unknown_archives_are_named(tmp_path):
    refused(tmp_path / "none.tgz", tmp_path, "none.tgz cannot be unpacked")
    refused(tmp_path / "set.rar", tmp_path, "set.rar is no archive that can be unpacked")
