"""Parts: the groups into which a class falls by itself, as rows, so that it can be split."""

import numpy as np
from django.utils.translation import gettext as _

from datasets.errors import InputError
from embedding.categories.manifest import members
from embedding.categories.mine import Wish, mine
from web.annotate.rows import near, row, vectors
from web.annotate.rows.row import AT_MOST, Row
from web.galleries import served
from web.galleries.models import Gallery

MOST = 10_000  # pictures of a class that can be parted while somebody waits


def parts(gallery: Gallery, name: str, count: int) -> list[Row]:
    """``count`` groups of a class, largest first; raises InputError where it has too few pictures, or too many."""
    snapshot = served.of_gallery(gallery).snapshot
    rows = near.rows_of_class(gallery, snapshot, name)
    if not 2 <= count <= 20:
        raise InputError(_("%(count)d parts: must be between 2 and 20") % {"count": count})
    if not 2 * count <= len(rows) <= MOST:
        told = {"name": name, "have": len(rows), "count": count, "least": 2 * count, "most": MOST}
        raise InputError(
            _("%(name)s has %(have)d pictures; %(count)d parts can be found of %(least)d to %(most)d") % told
        )
    proposals = mine(vectors.floats(snapshot, rows), None, Wish(k=count, min_size=2)).proposals
    groups = [snapshot.ids[rows[members(proposals, group)]] for group in range(len(proposals.confidences))]
    return [_row(gallery, place, group) for place, group in enumerate(sorted(groups, key=len, reverse=True), 1)]


def _row(gallery: Gallery, place: int, numbers: np.ndarray) -> Row:
    shown = row.pictures(gallery, numbers[:AT_MOST])
    return Row(_("part %(number)d") % {"number": place}, "", shown, len(numbers), chosen=place > 1)
