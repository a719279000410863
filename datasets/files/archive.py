"""Archives that sets come in: downloaded beside the folder that they are unpacked to."""

import logging
from pathlib import Path

from datasets.errors import InputError
from datasets.files import download

log = logging.getLogger(__name__)


def unpacked(url: str, folder: Path, *, size: int | None = None, md5: str | None = None) -> Path:
    """``folder`` with the contents of the archive at ``url``, which is downloaded where it is not beside it yet.

    ``size`` (bytes) and ``md5`` are the archive's. Raises InputError naming the address or the archive.
    """
    file = folder.parent / url.rpartition("/")[2]
    if not file.is_file():
        log.info("downloading %s to %s", url, file)
    try:
        download.fetch(url, file, size=size, md5=md5)
    except InputError as error:
        raise InputError(f"{error} (or put {file.name} into {file.parent} by other means)") from None
    return download.unpack(file, folder)
