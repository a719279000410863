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
from datasets.files import ftp

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
    first: int | None = None,
    sha256: str | None = None,
    md5: str | None = None,
    progress: bool = True,
) -> Path:
    """The file of ``url`` at ``target``, downloaded unless it is there with the right size (bytes) and checksum.

    ``first`` asks for that many bytes from the file's beginning and never downloads more; size and checksums are then
    those of these bytes. The bytes go to ``<target>.part``, from where a later call goes on after a cut, and are moved
    in place when they are complete and right. ``progress`` shows a bar where stderr is a terminal. Raises InputError
    naming the URL, or the folder where the disk has no room for what is still to come.
    """
    target, size = Path(target), size if first is None else first
    if target.is_file() and _flaw(target, size, sha256, md5) is None:
        return target
    part = _part(target)
    _make(part.parent)
    _complete(url, part, size=size, stop=first, page_wanted=target.suffix in (".html", ".htm"), progress=progress)
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


def _complete(url: str, part: Path, *, size: int | None, stop: int | None, page_wanted: bool, progress: bool) -> None:
    """Bring ``part`` to its full length, or to ``stop`` bytes, in several tries."""
    tries, reason = 0, ""
    while tries < len(WAITS):
        time.sleep(WAITS[tries])
        before = _length(part)
        try:
            return _try(url, part, size=size, stop=stop, page_wanted=page_wanted, progress=progress)
        except _Cut as cut:
            reason = str(cut)
        # A long download may be cut many times: only tries that got no further end it.
        tries = 1 if _length(part) > before else tries + 1
    raise InputError(f"{url}: {reason}, in {len(WAITS)} tries; check the network and call again: it goes on from there")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _try(url: str, part: Path, *, size: int | None, stop: int | None, page_wanted: bool, progress: bool) -> None:
    start = _length(part)
    if size is not None and start == size:
        return
    with _open(url, part, start, stop) as reply:
        if reply.status != http.client.PARTIAL_CONTENT:
            start = 0  # the server cannot go on, it sends the file from its beginning
        elif not (reply.headers["Content-Range"] or "").startswith(f"bytes {start}-"):
            part.unlink()
            raise _Cut("the server went on from another byte than asked")
        total = start + int(reply.headers["Content-Length"]) if reply.headers["Content-Length"] else None
        if stop is not None and total is not None:
            total = min(total, stop)  # a server that does not know ranges begins to send the whole file
        if size is not None and total not in (None, size):
            part.unlink(missing_ok=True)
            raise InputError(f"{url}: expected {size} bytes, but the server's file has {total}: it has changed")
        if not page_wanted and reply.headers.get_content_type() == "text/html":
            raise InputError(f"{url} sent a web page, not the file: open it in a browser to see what it asks for")
        _check_room(part.parent, (total or 0) - start)
        bar = tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.stem, disable=not progress or None)
        with bar:
            _write(url, reply, part, start, stop=stop, page_wanted=page_wanted, bar=bar)
    if total is not None and part.stat().st_size < total:
        raise _Cut(f"the connection ended after {part.stat().st_size} of {total} bytes")


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        unit, name = (1e9, "GB") if needed > 1e9 else (1e6, "MB")
        room = f"{needed / unit:.1f} {name} are still to come, and {free / unit:.1f} {name} are free"
        raise InputError(f"folder {folder} has no room: {room}; free some, or name a folder on another disk")


def _open(url: str, part: Path, start: int, stop: int | None) -> http.client.HTTPResponse:
    """The reply to a request for the bytes from ``start`` on, up to ``stop`` where one is given."""
    last = "" if stop is None else stop - 1
    headers = {"User-Agent": "deep-embedding"}
    if start or stop is not None:
        headers["Range"] = f"bytes={start}-{last}"
    try:
        if url.startswith("ftp://") and "ftp" not in urllib.request.getproxies():
            return ftp.open_file(url, start, PATIENCE)  # a proxy is asked as by HTTP
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
    url: str,
    reply: http.client.HTTPResponse,
    part: Path,
    start: int,
    *,
    stop: int | None,
    page_wanted: bool,
    bar: "tqdm[None]",
) -> None:
    left = float("inf") if stop is None else stop - start
    chunk = _read(reply, left)
    if not (start or page_wanted) and chunk.lstrip()[:14].lower().startswith(HTML):
        raise InputError(f"{url} sent a web page, not the file: open it in a browser to see what it asks for")
    try:
        with part.open("ab" if start else "wb") as stream:
            while chunk:
                stream.write(chunk)
                bar.update(len(chunk))
                left -= len(chunk)
                chunk = _read(reply, left)
    except OSError as error:
        raise InputError(f"{part} cannot be written: {error.strerror or error}") from None


def _read(reply: http.client.HTTPResponse, left: float) -> bytes:
    """The next bytes of the reply, at most ``left``."""
    try:
        return reply.read(int(min(CHUNK, left)))
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
