"""Names of classes as people type them."""

import unicodedata

from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.galleries.models import NO_CLASS

NOTHING = NO_CLASS
LONGEST = 200  # characters, as many as a label holds


def cleaned(text: str) -> str:
    """The name of a class that ``text`` means: one line, composed characters, no blanks around it or doubled.

    Raises InputError where it is none, or longer than 200 characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InputError(_("the name of the class is empty: type one"))
    if name == NO_CLASS:
        raise InputError(_("a class cannot be called -: it stands for no class; reject the pictures instead"))
    if len(name) > LONGEST:
        told = {"start": name[:20], "count": len(name), "most": LONGEST}
        raise InputError(_("%(start)s...: a name of %(count)d characters; the longest has %(most)d") % told)
    if not all(sign.isprintable() for sign in name):
        raise InputError(_("%(name)s: has signs that cannot be shown; type the name anew") % {"name": ascii(name)})
    return name
