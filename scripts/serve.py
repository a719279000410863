"""Serve the search page: galleries of pictures, searched, annotated and grown in a browser.

python scripts/serve.py --demo                                     on what the demos draw; make demo-web
python scripts/serve.py --images=photos/                           on one's own pictures, by weights that pip brings
python scripts/serve.py --run=runs/f8k --images=photos/            by a network that was trained here
SECRET_KEY=... python scripts/serve.py --host=photos.example.org   behind a proxy that speaks TLS
"""

import importlib.util
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

import command

from datasets.errors import InputError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Serve the search page: galleries of pictures, searched, annotated and grown in a browser."""

    run: str = ""
    """Network that embeds --images: a run folder, or an ONNX file; EfficientNet-Lite0 with the weights that pip brings
    if not given."""
    images: str = ""
    """Pictures to add as a gallery, if it is not there yet: a folder, a .zip or .tar, or a list of paths."""
    demo: bool = False
    """Add galleries of the drawn scenes and characters of the demos, and train their networks if they are not there."""
    train: bool = False
    """Let those who manage galleries run training commands on this machine from the page."""
    data: Path | None = None
    """Folder of all that the page keeps; data/web, or what the variable WEB_DATA says, if not given."""
    port: int = 8000
    """Where it listens; 0 for any that is free."""
    host: str = ""
    """Name by which browsers reach it through a proxy that speaks TLS, such as photos.example.org. It takes a key of
    yours in the variable SECRET_KEY. Without it the page is for this machine alone."""
    listen: str = LOOPBACK
    """Address of this machine to listen on; another than 127.0.0.1 only with --host."""
    proxy: str = LOOPBACK
    """Address of that proxy, the only one whose word on who asks and how is believed."""
    threads: int = 8
    """How many requests are answered at a time."""

    def check(self) -> None:
        """Raises InputError where flags are out of their range or do not go together."""
        if not 0 <= self.port < 2**16:
            raise InputError(f"--port={self.port}: must be from 0 to 65535")
        if self.threads < 1:
            raise InputError(f"--threads={self.threads}: must be at least 1")
        if self.run and not self.images:
            raise InputError(f"--run={self.run}: embeds pictures, and none are named; give --images=FOLDER")
        for name in ("listen", "proxy"):
            _address(f"--{name}", getattr(self, name))
        if self.listen not in (LOOPBACK, "::1") and not self._public:
            how = "name the host that its proxy with TLS is reached by, --host=photos.example.org, or leave it out"
            raise InputError(f"--listen={self.listen}: others could come in, over plain HTTP; {how}")
        if self.host and not _is_name(self.host):
            raise InputError(f"--host={self.host}: must be a name alone, such as photos.example.org")

    @property
    def _public(self) -> bool:
        return bool(self.host or os.environ.get("WEB_HOST"))


def main(options: ServeOptions) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    options.check()
    if importlib.util.find_spec("django") is None or importlib.util.find_spec("waitress") is None:
        raise InputError("the search page takes Django and waitress: pip install 'deepembedding[web]'")
    _set_up(options)
    from django.core.management import call_command

    where = {"listen": options.listen, "port": options.port, "threads": options.threads}
    if options._public:
        where["proxy"] = options.proxy
    call_command("serve", **where, run=options.run, images=options.images, demo=options.demo)


def _set_up(options: ServeOptions) -> None:
    """Django, on the settings that the flags make."""
    given = {"WEB_DATA": options.data and str(options.data), "WEB_HOST": options.host}
    given["WEB_TRAIN"] = "1" if options.train else ""
    os.environ.update({name: value for name, value in given.items() if value})
    os.environ["DJANGO_SETTINGS_MODULE"] = "web.settings"
    import django

    django.setup()


def _address(flag: str, word: str) -> None:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        raise InputError(f"{flag}={word}: must be an address in numbers, such as {LOOPBACK}") from None


def _is_name(word: str) -> bool:
    parts = word.split(".")
    return all(part and part.replace("-", "").isalnum() and part.isascii() for part in parts)


if __name__ == "__main__":
    command.main(main, ServeOptions)
