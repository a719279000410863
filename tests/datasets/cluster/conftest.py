"""What tests of clusters share: one cluster of two processes here, where Dask is installed."""

import pytest


@pytest.fixture(scope="module")
def two():
    """A pool of two worker processes."""
    pytest.importorskip("distributed")
    from datasets.cluster.connect import connect

    with connect("local:2") as pool:
        yield pool
