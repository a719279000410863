"""A server for the tests in a browser: ``started.py <folder>`` makes people and galleries there, serves, and prints
the address. What waitress serves, with the settings and the middleware of the real one."""

import os
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
HERE = Path(__file__).resolve().parent
os.environ |= {
    "WEB_DATA": str(FOLDER / "data"),
    "SECRET_KEY": "of tests alone",
    "DJANGO_SETTINGS_MODULE": "web.settings",
}
sys.path[:0] = [str(HERE.parents[1] / "shared")]
(FOLDER / "data").mkdir()

import django  # noqa: E402

django.setup()

import drawn  # noqa: E402
import waitress  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402

from web.wsgi import application  # noqa: E402

call_command("migrate", verbosity=0)
people = get_user_model().objects
people.create_user("ann", password="of-tests-alone")
people.create_user("bob", password="of-tests-alone")
people.create_user("sue", password="of-tests-alone", is_staff=True)
for slug in ("colours", "annotated", "grown"):
    drawn.gallery(slug, FOLDER / "photos" / slug, FOLDER / "encoder.onnx")

server = waitress.create_server(application, host="127.0.0.1", port=0, threads=4)
print(f"http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
