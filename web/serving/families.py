"""Families: the kinds of runs that the page opens: all that this project trains."""

from embedding.instances.serving.family import INSTANCES
from embedding.serving.family import METRIC
from embedding.sketches.serving.family import PHOTOGRAPHS
from hashing.serving.family import CROSS, HASHING
from hashing.sketches.serving.family import CODED_PHOTOGRAPHS
from vse.serving.family import IMAGE_TEXT

FAMILIES = (CODED_PHOTOGRAPHS, PHOTOGRAPHS, CROSS, HASHING, IMAGE_TEXT, INSTANCES, METRIC)
