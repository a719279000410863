"""Add, refresh, list, remove and export galleries of the search page.

python scripts/gallery.py add --images=~/Pictures --run=runs/f8k --name=Pictures
python scripts/gallery.py add --images=~/Pictures --use-pretrained=efficientnet_lite0
python scripts/gallery.py refresh --gallery=pictures
python scripts/gallery.py list
python scripts/gallery.py export --gallery=pictures --out=pictures.csv
python scripts/gallery.py remove --gallery=pictures
"""

import os
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import command

from datasets.command import choose

ACTIONS = {
    "add": "add a gallery and embed its pictures",
    "refresh": "find what is new, changed, moved or gone, of one or of all, and embed that",
    "list": "tell which there are",
    "remove": "remove one; its pictures stay where they are",
    "export": "write one as a table (.csv) or as vectors (.h5)",
}


@dataclass(frozen=True, kw_only=True)
class GalleryOptions:
    """Add, refresh, list, remove and export galleries of the search page."""

    data: Path | None = None
    """Folder of all that the search page keeps; data/web, or what the variable WEB_DATA says, if not given."""
    gallery: str = ""
    """Which gallery, by the name in its address; of refresh all if not given."""
    name: str = ""
    """What a new gallery is called; as its source if not given."""
    images: str = ""
    """Pictures of a new gallery: a folder, a .zip or .tar, a list (.txt, or .csv with a column path), or a vectors file
    (.h5)."""
    run: str = ""
    """Run folder whose network embeds them."""
    checkpoint: str = "best"
    """Which network of the run: best or last."""
    model: str = ""
    """Trunk, or ONNX file, that embeds them, without --run."""
    use_pretrained: str = ""
    """Weights for that trunk, as of extract.py."""
    pool: str = ""
    """Pooling of that trunk, as of extract.py."""
    image_size: str = ""
    """Size in pixels at which the network sees them, as of extract.py."""
    resize: str = ""
    """How a picture comes to that size, as of extract.py."""
    multiscale: str = ""
    """Scales at which every picture is seen, as of extract.py."""
    whitening: str = ""
    """Whitening that the vectors go through, as of extract.py."""
    out: str = ""
    """File that export writes, .csv or .h5; <gallery>.csv if not given."""


def act(action: str, options: GalleryOptions) -> None:
    """Do it by Django's command of the same name."""
    if options.data:
        os.environ["WEB_DATA"] = str(options.data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "web.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("tables")
    words = {name: value for name, value in asdict(options).items() if name != "data"}
    call_command("gallery", action, **words)


def main(words: list[str]) -> None:
    """The first word is the action."""
    described = "\n".join(f"  {name:8} {what}" for name, what in ACTIONS.items())
    action = choose(words, {name: name for name in ACTIONS}, f"{__doc__}\n{described}")
    command.main(partial(act, action), GalleryOptions, words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
