"""What the tests of caption sets share: small trees in the sets' layouts."""

import pytest
from caption_trees import WRITE


@pytest.fixture(scope="session")
def write():
    """Writers of trees: ``write.flickr8k(folder)`` writes a small Flickr8k, and so on; and what they are made of."""
    return WRITE
