"""A server for the tests in a browser: ``started.py <folder>`` makes people and galleries there, by the commands that
people use, serves as ``scripts/serve.py`` does, and prints the address."""

import os
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
os.environ |= {
    "WEB_DATA": str(FOLDER / "data"),
    "WEB_SIGN_INS_A_MINUTE": "0",
    "WEB_TRAIN": "1",
    "DJANGO_SETTINGS_MODULE": "web.settings",
}
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared"))
(FOLDER / "data").mkdir()

import django  # noqa: E402

django.setup()

import drawn  # noqa: E402
import encoders  # noqa: E402
import planted  # noqa: E402
import sketched  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402

call_command("migrate", verbosity=0)
people = get_user_model().objects
people.create_user("ann", password="of-tests-alone")
people.create_user("bob", password="of-tests-alone")
people.create_user("sue", password="of-tests-alone", is_staff=True)

encoder = encoders.clip(FOLDER / "encoder.onnx")
encoders.clip(FOLDER / "other.onnx", side=64)
settings.WORK = False  # embed here, and be done before the first test
for name, each in (("Colours", 50), ("Annotated", 8), ("Grown", 8)):
    photos = drawn.photos(FOLDER / "photos" / name, each)
    call_command("gallery", "add", name=name, images=str(photos), model=str(encoder), stdout=sys.stderr)
words = FOLDER / "photos" / "Words"
run = planted.run_folder(FOLDER / "run", planted.pictures(words))
call_command("gallery", "add", name="Words", images=str(words), run=str(run), stdout=sys.stderr)
sketches = sketched.run_folder(FOLDER / "sketches")
photos = drawn.photos(FOLDER / "photos" / "Sketched", 4)
call_command("gallery", "add", name="Sketched", images=str(photos), run=str(sketches), stdout=sys.stderr)
settings.WORK = True

call_command("serve", port=0)
