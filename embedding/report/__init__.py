"""Reports: the page of a run, its maps, curves and thumbnails."""
