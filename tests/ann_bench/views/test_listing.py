"""The list: what every index can do, in words."""

from ann_bench import indexes
from ann_bench.views import listing


def test_every_index_says_which_rows_it_takes(capsys):
    listing.main(listing.ListOptions(count="10k", dim=32))
    lines = {
        line.split()[0]: line for line in capsys.readouterr().out.split("builds by default")[0].splitlines() if line
    }
    for name in filter(indexes.installed, indexes.names()):
        codes = "hamming" in indexes.get(name).Index.metrics
        assert ("float32 or uint8 rows" if codes else "; float32 rows") in lines[name]
