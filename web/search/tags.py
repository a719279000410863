"""Tags: words of one's own that a picture gets and loses."""

from datasets.errors import InputError
from web.galleries.models import Picture, Tag

LETTERS = 100  # of a tag


def add(picture: Picture, text: str) -> str:
    """Give it the tag, and return how that is written; raises InputError where it is no name of a tag."""
    name = " ".join(text.split())
    if not name or len(name) > LETTERS or not name.isprintable():
        raise InputError(f"tag: give a word or some, of {LETTERS} letters at most")
    picture.tags.add(Tag.objects.get_or_create(gallery=picture.gallery, name=name)[0])
    return name


def remove(picture: Picture, name: str) -> None:
    """Take the tag away, if it has it; one that no picture has any more is gone."""
    for one in picture.tags.filter(name=name):
        picture.tags.remove(one)
        if not one.pictures.exists():
            one.delete()
