"""Words: names that a narrow line breaks between their words, and not inside one."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_BETWEEN = re.compile(r"(?<=[_\-./])(?=[^_\-./])|(?<=[a-z])(?=[A-Z])")


@register.filter
def breakable(name: str) -> SafeString:
    """The name, as HTML, with a place to break after each sign that joins words: in black_footed_albatross, BarnOwl."""
    return mark_safe("<wbr>".join(map(escape, _BETWEEN.split(name))))  # each part is escaped
