"""Addresses: the bytes behind https://, s3:// and the like, asked for again where the connection breaks."""

import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from datasets.errors import InputError

WAITS = (0.0, 1.0, 3.0)  # seconds before each try: a picture that does not come holds the others up
PATIENCE = 20.0  # seconds without a byte until a try counts as failed
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_KEPT = "%/:=&?~#+!$,;'@()*[]"  # characters that mean something in an address


class Refused(Exception):
    """There is nothing to be had at an address, now or by trying again; its text says why."""


class _Cut(Exception):
    """The network failed in a way that another try may mend."""


def is_address(path: str) -> bool:
    """Whether ``path`` is an address (https://...) and no path of a file."""
    return _SCHEME.match(path) is not None


def read(url: str) -> bytes:
    """The bytes at ``url``; raises Refused, or InputError where a library for its kind of address is missing."""
    once = _by_http if url.lower().startswith(("http://", "https://")) else _by_fsspec
    reason = ""
    for wait in WAITS:
        time.sleep(wait)
        try:
            return once(url)
        except _Cut as cut:
            reason = str(cut)
    raise Refused(f"{reason}, in {len(WAITS)} tries")


def _by_http(url: str) -> bytes:
    request = urllib.request.Request(urllib.parse.quote(url, safe=_KEPT), headers={"User-Agent": "deep-embedding"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            if reply.headers.get_content_type() == "text/html":
                raise Refused("the server sent a web page, no picture")
            return reply.read()
    except urllib.error.HTTPError as error:
        error.close()
        again = error.code >= 500 or error.code in (http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS)
        why = " ".join(str(error.reason).split())  # of redirects in a circle it has three lines
        raise (_Cut if again else Refused)(f"the server answered {error.code} {why}") from None
    except http.client.InvalidURL as error:
        raise Refused(f"is no address ({error})") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise _Cut(f"no connection ({getattr(error, 'reason', None) or error or type(error).__name__})") from None
    except ValueError as error:
        raise Refused(f"is no address ({error})") from None


def check(url: str) -> None:
    """Raises InputError where a library that reads such addresses is missing; asks nobody for what stands there."""
    if url.lower().startswith(("http://", "https://")):
        return
    try:
        import fsspec  # an extra
    except ImportError:
        raise InputError(f"{url}: such addresses are read by fsspec: pip install 'deepembedding[cluster]'") from None
    try:
        fsspec.get_filesystem_class(url.partition("://")[0].lower())
    except (ImportError, ValueError) as error:  # a scheme whose own library is missing, or that nobody knows
        raise InputError(f"{url} cannot be opened: {error}") from None


def _by_fsspec(url: str) -> bytes:
    check(url)
    import fsspec

    try:
        with fsspec.open(url, "rb") as file:
            return file.read()
    except (ImportError, ValueError) as error:
        raise InputError(f"{url} cannot be opened: {error}") from None
    except (FileNotFoundError, PermissionError) as error:
        raise Refused("is not there" if isinstance(error, FileNotFoundError) else "is not to be read") from None
    except Exception as error:  # every store has errors of its own
        raise _Cut(f"cannot be read ({error or type(error).__name__})") from None
