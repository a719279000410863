"""The commands: the files of scripts/ that can be called."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "scripts"
# What commands share, and no command.
SHARED = ("adversarial", "command", "engines", "hashed", "indexed", "named", "networks", "scaled", "scoring")
SCRIPTS = sorted(path for path in FOLDER.glob("[a-z]*.py") if path.stem not in SHARED)
