"""Downloads: fetch a file, resumed and checked, and unpack an archive; what has its final name is complete."""

import hashlib
import http.client
import os
import shutil
import stat
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from datasets.errors import InputError

WAITS = (0.0, 1.0, 3.0, 9.0, 27.0)  # seconds before each try
PATIENCE = 60.0  # seconds without a byte until a try counts as failed
CHUNK = 1 << 20  # bytes read at a time
HTML = (b"<!doctype html", b"<html")
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz")


class _Cut(Exception):
    """The network failed in a way that another try may mend."""


def fetch(
    url: str,
    target: str | Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    md5: str | None = None,
    progress: bool = True,
) -> Path:
    """The file of ``url`` at ``target``, downloaded unless it is there with the right size (bytes) and checksum.

    The bytes go to ``<target>.part``, from where a later call goes on after a cut, and are moved in place when they
    are complete and right. ``progress`` shows a bar where stderr is a terminal. Raises InputError naming the URL.
    """
    target = Path(target)
    if target.is_file() and _flaw(target, size, sha256, md5) is None:
        return target
    part = _part(target)
    _make(part.parent)
    _complete(url, part, size=size, page_wanted=target.suffix in (".html", ".htm"), progress=progress)
    flaw = _flaw(part, size, sha256, md5)
    if flaw is not None:
        part.unlink()
        raise InputError(f"{url}: {flaw}; the download was removed: try again, or the file has changed at its source")
    os.replace(part, target)
    return target


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _flaw(file: Path, size: int | None, sha256: str | None, md5: str | None) -> str | None:
    """What is wrong with the file, or None."""
    found = file.stat().st_size
    if size is not None and found != size:
        return f"expected {size} bytes, found {found}"
    for kind, expected in (("sha256", sha256), ("md5", md5)):
        if expected is None:
            continue
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, kind).hexdigest()
        if digest != expected.lower():
            return f"expected {kind} {expected.lower()}, found {digest}"
    return None


def _complete(url: str, part: Path, *, size: int | None, page_wanted: bool, progress: bool) -> None:
    """Bring ``part`` to its full length, in several tries."""
    reason = ""
    for wait in WAITS:
        time.sleep(wait)
        try:
            return _try(url, part, size=size, page_wanted=page_wanted, progress=progress)
        except _Cut as cut:
            reason = str(cut)
    raise InputError(f"{url}: {reason}, in {len(WAITS)} tries; check the network and call again: it goes on from there")


def _try(url: str, part: Path, *, size: int | None, page_wanted: bool, progress: bool) -> None:
    start = part.stat().st_size if part.exists() else 0
    if size is not None and start == size:
        return
    with _open(url, part, start) as reply:
        if reply.status != http.client.PARTIAL_CONTENT:
            start = 0  # the server cannot go on, it sends the file from its beginning
        elif not (reply.headers["Content-Range"] or "").startswith(f"bytes {start}-"):
            part.unlink()
            raise _Cut("the server went on from another byte than asked")
        total = start + int(reply.headers["Content-Length"]) if reply.headers["Content-Length"] else None
        if size is not None and total not in (None, size):
            part.unlink(missing_ok=True)
            raise InputError(f"{url}: expected {size} bytes, but the server's file has {total}: it has changed")
        if not page_wanted and reply.headers.get_content_type() == "text/html":
            raise InputError(f"{url} sent a web page, not the file: open it in a browser to see what it asks for")
        bar = tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.stem, disable=not progress or None)
        with bar:
            _write(url, reply, part, start, page_wanted=page_wanted, bar=bar)
    if total is not None and part.stat().st_size < total:
        raise _Cut(f"the connection ended after {part.stat().st_size} of {total} bytes")


def _open(url: str, part: Path, start: int) -> http.client.HTTPResponse:
    """The reply to a request for the bytes from ``start`` on."""
    headers = {"User-Agent": "deep-embedding"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)  # it is longer than the file, or of another one: start over
            raise _Cut("the server refused to go on") from None
        if error.code >= 500 or error.code in (http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS):
            raise _Cut(f"the server answered {error.code} {error.reason}") from None
        raise InputError(f"{url}: the server answered {error.code} {error.reason}: is the address right?") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise _Cut(f"no connection ({getattr(error, 'reason', error)})") from None
    except ValueError as error:
        raise InputError(f"{url} is no address of a file: {error}") from None


def _write(
    url: str, reply: http.client.HTTPResponse, part: Path, start: int, *, page_wanted: bool, bar: "tqdm[None]"
) -> None:
    chunk = _read(reply)
    if not (start or page_wanted) and chunk.lstrip()[:14].lower().startswith(HTML):
        raise InputError(f"{url} sent a web page, not the file: open it in a browser to see what it asks for")
    try:
        with part.open("ab" if start else "wb") as stream:
            while chunk:
                stream.write(chunk)
                bar.update(len(chunk))
                chunk = _read(reply)
    except OSError as error:
        raise InputError(f"{part} cannot be written: {error.strerror or error}") from None


def _read(reply: http.client.HTTPResponse) -> bytes:
    try:
        return reply.read(CHUNK)
    except (http.client.HTTPException, OSError) as error:
        raise _Cut(f"the connection broke ({error})") from None


def unpack(archive: str | Path, folder: str | Path) -> Path:
    """The contents of ``archive`` (.zip, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz) as ``folder``; nothing if it is there.

    They are unpacked into ``<folder>.part`` and moved in place last. Raises InputError naming the archive where it is
    damaged, or where a member is a device or would end or point outside of the folder.
    """
    archive, folder = Path(archive), Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        return folder
    part = _part(folder)
    shutil.rmtree(part, ignore_errors=True)
    _make(part)
    try:
        unpack_into = _unpack_zip if archive.suffix.lower() == ".zip" else _unpack_tar
        unpack_into(archive, part)
        os.replace(part, folder)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise InputError(f"{archive} cannot be unpacked to {folder}: {error}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _unpack_tar(archive: Path, part: Path) -> None:
    if not archive.name.lower().endswith(TARS):
        raise InputError(f"{archive} is no archive that can be unpacked: known are .zip {' '.join(TARS)}")
    with tarfile.open(archive) as tar:
        tar.extractall(part, filter=lambda member, path: _safe_member(archive, member, path))


def _safe_member(archive: Path, member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
    _check_inside(archive, member.name)
    try:
        return tarfile.data_filter(member, path)  # which refuses devices and links that point outside
    except tarfile.FilterError as error:
        raise InputError(f"{archive} is not safe to unpack: {error}") from None


def _unpack_zip(archive: Path, part: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            _check_inside(archive, member.filename)
            if stat.S_ISLNK(member.external_attr >> 16):
                raise InputError(f"{archive} is not safe to unpack: '{member.filename}' is a link")
        packed.extractall(part)


def _check_inside(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise InputError(f"{archive} is not safe to unpack: '{name}' would end outside of the folder")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"folder {folder} cannot be made: {error.strerror}") from None
