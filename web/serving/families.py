"""Families: the kinds of runs that the page opens: all that this project trains."""

from embedding.instances.serving.family import INSTANCES
from embedding.serving.family import METRIC
from hashing.serving.family import CROSS, HASHING
from vse.serving.family import IMAGE_TEXT

FAMILIES = (CROSS, HASHING, IMAGE_TEXT, INSTANCES, METRIC)
