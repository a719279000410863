"""Packed: members of .zip and .tar archives, read where they lie, at random and by any number of threads."""

import os
import re
import stat
import struct
import tarfile
import threading
import zipfile
import zlib
from dataclasses import dataclass
from typing import NamedTuple

from datasets.errors import InputError

ENDINGS = (".zip", ".tar")
_BLOCK = 512  # bytes; a tar is a row of such blocks
_LOCAL_HEADER = 30  # bytes of a member's header in a zip, before its name and what else it has
_UTF8 = 1 << 11  # the flag of a name in a zip that is UTF-8
_UNICODE_PATH = 0x7075  # the extra field with such a name, where the flag is not set
_UNIX = 3  # where a zip was made; names are the bytes that the file system has
# How some program packed a whole tar; nothing in it can be found without unpacking all that stands before.
_PACKED_WHOLE = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_TAR_ENDINGS = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
_THROUGH = re.compile(f"(?:{'|'.join(map(re.escape, (*_TAR_ENDINGS, *ENDINGS)))})(?=/|$)", re.IGNORECASE)

_indexes: dict[str, tuple[tuple[int, int], "Index"]] = {}
_reading = threading.Lock()


class Damaged(Exception):
    """A member whose bytes cannot be had; its text says why."""


class Member(NamedTuple):
    """Where the bytes of a member lie: their place in the archive, how many there are, packed or not."""

    start: int
    stored: int  # bytes in the archive
    size: int  # bytes when unpacked
    kind: str  # "tar", "zip", or why it cannot be read
    crc: int = 0


@dataclass(frozen=True)
class Index:
    """The files of an archive by their paths in it."""

    archive: str
    members: dict[str, Member]

    def read(self, name: str) -> bytes:
        """The bytes of the file ``name``; raises Damaged, KeyError where it is not in the archive."""
        member = self.members[name]
        if member.kind not in ("tar", "zip"):
            raise Damaged(member.kind)
        try:
            handle = os.open(self.archive, os.O_RDONLY)
        except OSError as error:
            raise Damaged(f"its archive cannot be read ({error.strerror})") from None
        try:
            return _bytes(handle, member)
        except OSError as error:
            raise Damaged(f"cannot be read ({error.strerror})") from None
        finally:
            os.close(handle)


def is_archive(path: str) -> bool:
    """Whether ``path`` is a file that ends as an archive does."""
    inside = split(path)
    return inside is not None and not inside[1]


def split(path: str) -> tuple[str, str] | None:
    """The archive that a path leads through, and the path in it; "" for the archive itself. None where there is none.

    "photos.zip/cat/a.jpg" is ("photos.zip", "cat/a.jpg"), where photos.zip is a file.
    """
    for found in _THROUGH.finditer(path):
        if os.path.isfile(path[: found.end()]):
            return path[: found.end()], path[found.end() :].strip("/")
    return None


def index(archive: str) -> Index:
    """The index of an archive, read once by a process as long as the file stays the same.

    Raises InputError where it is no such archive, or damaged.
    """
    try:
        found = os.stat(archive)
    except OSError as error:
        raise InputError(f"{archive} cannot be read: {error.strerror}") from None
    state = (found.st_mtime_ns, found.st_size)
    with _reading:  # of several threads that ask for it, one reads
        if archive not in _indexes or _indexes[archive][0] != state:
            _indexes[archive] = (state, Index(archive, _members(archive)))
        return _indexes[archive][1]


def _members(archive: str) -> dict[str, Member]:
    whole = next((ending for ending in _TAR_ENDINGS if archive.lower().endswith(ending)), None)
    if whole:
        raise InputError(_no_random_access(archive, whole))
    read = _read_zip if archive.lower().endswith(".zip") else _read_tar
    try:
        found = read(archive)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError) as no:
        reason = getattr(no, "strerror", None) or str(no) or type(no).__name__
        raise InputError(
            f"{archive} is damaged or no {archive[-3:].lower()} archive ({reason}): fetch it again"
        ) from None
    return {name: member for name, member in sorted(found.items()) if name}


def _no_random_access(archive: str, how: str) -> str:
    return (
        f"{archive} is packed as a whole ({how}), so that no picture in it can be read without all before it:"
        f" unpack it, or make a plain .tar of it"
    )


def _read_tar(archive: str) -> dict[str, Member]:
    found: dict[str, Member] = {}
    with open(archive, "rb") as file:
        start = file.read(8)
        for magic, how in _PACKED_WHOLE.items():
            if start.startswith(magic):
                raise InputError(_no_random_access(archive, how))
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:") as tar:
            while (entry := tar.next()) is not None:
                tar.members = []  # which it keeps, a kilobyte each
                _note(found, entry)
            _check_end(file.fileno(), tar.offset)
    return found


def _note(found: dict[str, Member], entry: tarfile.TarInfo) -> None:
    name = _name(entry.name)
    if entry.issparse():
        found[name] = Member(0, 0, entry.size, "is stored with holes (a sparse file): pack the archive again")
    elif entry.isreg():
        found[name] = Member(entry.offset_data, entry.size, entry.size, "tar")
    elif entry.islnk() and (target := found.get(_name(entry.linkname))):
        found[name] = target  # the same file under a second name


def _check_end(handle: int, place: int) -> None:
    """Raises TarError where what stands at ``place``, after the last member, is not the end of a tar."""
    block = os.pread(handle, _BLOCK, place)
    if len(block) not in (0, _BLOCK):
        raise tarfile.ReadError(f"it ends early, after {place + len(block):,} bytes")
    if block.strip(b"\0"):
        raise tarfile.ReadError(f"what stands at byte {place:,} is no member")
    if not block and os.fstat(handle).st_size < place:
        raise tarfile.ReadError("it ends early, in its last member")


def _read_zip(archive: str) -> dict[str, Member]:
    with zipfile.ZipFile(archive) as packed:
        return {_name(_name_in_zip(entry).replace("\\", "/")): _of_zip(entry) for entry in packed.infolist()
                if not entry.is_dir() and not stat.S_ISLNK(entry.external_attr >> 16)}  # fmt: skip


def _name_in_zip(entry: zipfile.ZipInfo) -> str:
    """The name as the packing program meant it, which most do not say: Python takes all of these for cp437."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    name = entry.orig_filename.encode("cp437")
    said = _unicode_name(entry.extra, zlib.crc32(name))
    try:
        return (said or name).decode()  # as Linux and macOS write it; names in cp437 are hardly ever valid UTF-8
    except UnicodeDecodeError:
        return os.fsdecode(name) if entry.create_system == _UNIX else entry.filename


def _unicode_name(extra: bytes, crc: int) -> bytes | None:
    """The UTF-8 name that Info-ZIP puts beside the plain one, whose checksum it repeats; None where there is none."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, crc):
            return field[5:]
    return None


def _of_zip(entry: zipfile.ZipInfo) -> Member:
    kind = "zip"
    if entry.flag_bits & 1:
        kind = "is encrypted: unpack the archive with its password"
    elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        kind = f"is packed by a method (number {entry.compress_type}) that cannot be read here: pack the archive anew"
    return Member(entry.header_offset, entry.compress_size, entry.file_size, kind, entry.CRC)


def _name(name: str) -> str:
    """The path of a member without what makes no difference: "./a//b.jpg" is "a/b.jpg"."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _bytes(handle: int, member: Member) -> bytes:
    if member.kind == "tar":
        return _exactly(handle, member.stored, member.start)
    header = _exactly(handle, _LOCAL_HEADER, member.start)
    if not header.startswith(b"PK\3\4"):
        raise Damaged("is damaged in its archive (no header where one should be)")
    method, more = int.from_bytes(header[8:10], "little"), sum(_lengths(header))
    data = _exactly(handle, member.stored, member.start + _LOCAL_HEADER + more)
    data = data if method == zipfile.ZIP_STORED else _inflated(data, member.size)
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise Damaged("is damaged in its archive (its checksum is another)")
    return data


def _lengths(header: bytes) -> tuple[int, int]:
    """Bytes of the name and of the extra field that follow the header of a member."""
    return int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")


def _inflated(data: bytes, size: int) -> bytes:
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return unpacking.decompress(data, size + 1)  # no more than was announced: a bomb stays packed
    except zlib.error as error:
        raise Damaged(f"is damaged in its archive ({error})") from None


def _exactly(handle: int, count: int, place: int) -> bytes:
    parts, left = [], count
    while left:
        part = os.pread(handle, left, place + count - left)  # which gives at most 2 GB at once
        if not part:
            raise Damaged("is cut off, its archive ends early")
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
