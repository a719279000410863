"""What the tests of lists share: small trees in the layouts of image sets and of caption sets."""

from types import SimpleNamespace

import caption_trees
import image_trees
import pytest


@pytest.fixture(scope="session")
def write():
    """Writers of trees of both kinds: ``write.label_lists(folder)``, ``write.flickr30k(folder)``, and so on."""
    return SimpleNamespace(**{**vars(image_trees.WRITE), **vars(caption_trees.WRITE)})
