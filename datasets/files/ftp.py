"""FTP, which some large sets still come by: a file from any byte on, as a reply of the form that HTTP gives."""

import ftplib
import http.client
import io
import urllib.error
import urllib.parse
from email.message import Message
from urllib.response import addclosehook, addinfourl

from datasets.errors import InputError


def open_file(url: str, start: int, patience: float) -> addinfourl:
    """The reply with the file's bytes from ``start`` on: status, headers Content-Length and Content-Range, read, close.

    Status 206 says that it begins at ``start``, 200 that the server sends all of it. ``patience`` is how many seconds
    may pass without an answer. Raises URLError where another try may help, InputError where the server refuses.
    """
    address = urllib.parse.urlsplit(url)
    server = ftplib.FTP(timeout=patience)
    try:
        server.connect(address.hostname or "", address.port or ftplib.FTP_PORT)
        server.login()
        server.voidcmd("TYPE I")  # bytes as they are, before SIZE counts them
        path = urllib.parse.unquote(address.path)
        size = server.size(path) or 0
        stream, start = _stream(server, path, start if start <= size else 0)
    except ftplib.error_perm as error:
        server.close()
        raise InputError(f"{url}: the server answered {error}: is the address right?") from None
    except ftplib.all_errors as error:
        server.close()
        raise urllib.error.URLError(str(error) or "the server hung up") from None
    headers = Message()
    headers["Content-Length"] = str(size - start)
    headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    status = http.client.PARTIAL_CONTENT if start else http.client.OK
    return addinfourl(addclosehook(stream, server.close), headers, url, status)


def _stream(server: ftplib.FTP, path: str, start: int) -> tuple[io.BufferedReader, int]:
    """The file from ``start`` on, or from 0 where the server cannot begin elsewhere; and which of both."""
    try:
        connection = server.transfercmd(f"RETR {path}", rest=start or None)
    except ftplib.error_perm:
        if not start:
            raise
        connection, start = server.transfercmd(f"RETR {path}"), 0
    stream = connection.makefile("rb")
    connection.close()  # the stream keeps it open for as long as it is read
    return stream, start
