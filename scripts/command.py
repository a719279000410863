"""What every script shares: finding the packages from anywhere, installed or not."""

import sys
from pathlib import Path

# Commands run from the repository's root and from inside scripts/, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasets.command import main

__all__ = ["main"]
