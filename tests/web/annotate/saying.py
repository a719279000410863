"""Annotates without end in a database of its own, and prints what was acknowledged: ``saying.py <folder>``."""

import os
import sys

os.environ |= {
    "WEB_DATA": sys.argv[1],
    "DATABASE_URL": f"sqlite:///{sys.argv[1]}/web.sqlite3",
    "WEB_WORK": "0",
    "SECRET_KEY": "of tests alone",
    "DJANGO_SETTINGS_MODULE": "web.settings",
}

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402

from web.annotate import labels  # noqa: E402
from web.galleries.models import Gallery, Picture  # noqa: E402

if not os.path.exists(f"{sys.argv[1]}/web.sqlite3"):
    call_command("migrate", verbosity=0)
    get_user_model().objects.create(username="ann")
    made = Gallery.objects.create(slug="many", name="Many", source="/nowhere")
    Picture.objects.bulk_create(Picture(gallery=made, path=f"{number}.jpg") for number in range(5_000))

gallery, who = Gallery.objects.get(), get_user_model().objects.get()
for picture in gallery.pictures.filter(label=""):
    labels.assign(gallery, who, f"of {picture.pk}", {picture.pk: 0})
    print(picture.pk, flush=True)
