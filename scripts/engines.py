"""Engines: what opens the network that a command names, of every family of runs that commands know."""

from functools import partial

from embedding.instances.serving.family import INSTANCES
from embedding.serving import openers
from embedding.serving.family import METRIC
from embedding.serving.openers import Opener as Opener
from embedding.serving.openers import file_of_trunk as file_of_trunk
from embedding.serving.openers import of_checkpoint as of_checkpoint
from embedding.serving.openers import of_file as of_file
from embedding.serving.openers import of_trunk as of_trunk
from embedding.serving.openers import off_the_shelf as off_the_shelf
from embedding.serving.openers import trunk as trunk
from embedding.sketches.serving.family import PHOTOGRAPHS
from hashing.serving.family import CROSS, HASHING
from hashing.sketches.serving.family import CODED_PHOTOGRAPHS
from vse.serving.family import IMAGE_TEXT

FAMILIES = (CODED_PHOTOGRAPHS, PHOTOGRAPHS, CROSS, HASHING, IMAGE_TEXT, INSTANCES, METRIC)

of_run = partial(openers.of_run, FAMILIES)
file_of_run = partial(openers.file_of_run, FAMILIES)
