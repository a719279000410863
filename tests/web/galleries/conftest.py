"""What tests of galleries share: a gallery that is added the way people add one, and refreshed in this process."""

import pytest

from web.galleries import adding
from web.galleries.work import jobs, running


@pytest.fixture
def added(db, photos, encoder, settings, tmp_path):
    """A gallery of ``photos``, embedded by its own job."""
    settings.DATA = tmp_path / "web"
    made = adding.add("My photos", str(photos), encoder)
    running.run(made.jobs.get().pk)
    made.refresh_from_db()
    return made


@pytest.fixture
def refresh():
    """Refreshes a gallery here and returns its job, which has ended."""

    def refreshed(gallery):
        job = jobs.add(gallery, "refresh")
        running.run(job.pk)
        job.refresh_from_db()
        gallery.refresh_from_db()
        return job

    return refreshed
