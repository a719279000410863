"""scripts/gallery.py where it cannot do what it is asked: one line, and exit code 2."""

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SMALL = 40 * 1024  # bytes of the largest file: to SQLite it is as if the disk were full


def asked(data, *words, most=None):
    def limited():
        if most:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    known = {
        **os.environ,
        "WEB_DATA": str(data),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{data}/web.sqlite3",
    }
    script = [sys.executable, str(ROOT / "scripts/gallery.py"), *words]
    return subprocess.run(script, capture_output=True, text=True, env=known, preexec_fn=limited, timeout=120)


def test_a_full_disk_at_the_first_start_is_told_in_one_line(tmp_path):
    done = asked(tmp_path, "list", most=SMALL)
    assert done.returncode == 2, done.stderr
    assert "the database cannot be read or written" in done.stderr and "room" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_is_no_database_is_told_in_one_line(tmp_path):
    (tmp_path / "web.sqlite3").write_text("no database, but a note " * 100)
    done = asked(tmp_path, "list")
    assert done.returncode == 2 and "not a database" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
