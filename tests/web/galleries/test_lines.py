"""What a job tells is read in the language of whoever reads it, and kept in English for programs."""

from django.urls import reverse
from django.utils.translation import override

from web.galleries.models import Job
from web.galleries.work import lines


def test_it_works(added, staff_browser):
    job = added.jobs.get()
    assert job.message == "24 new" == job.told
    with override("zh-hans"):
        assert job.told == "新增 24 张"
    address = reverse("galleries:progress", args=[added.slug])
    page = staff_browser.get(address, headers={"accept-language": "zh-CN"}).content.decode()
    assert "新增 24 张" in page and "24 new" not in page
    assert "24 new" in staff_browser.get(address, headers={"accept-language": "en"}).content.decode()


def test_a_line_of_before_and_one_that_no_catalogue_knows_are_shown_as_they_are():
    for message in ("100 % of nothing", "trained for 3 epochs", ""):
        with override("zh-hans"):
            assert Job(message=message).told == message
            assert Job(message=message, said=lines.parts_of(message)).told == message


def test_lines_are_joined_and_nothing_is_none_of_them():
    made = lines.joined([lines.line("%(count)s new", count="3"), "", "1 % of it"])
    assert made == "3 new, 1 % of it" and made.parts == [("%(count)s new", {"count": "3"}), ("1 % of it", {})]
    assert lines.joined([]) == "" and lines.joined([]).parts == []


def test_a_job_that_goes_on_has_said_nothing_yet(added):
    from web.galleries.work import jobs

    job = added.jobs.get()
    Job.objects.filter(pk=job.pk).update(state=Job.State.STOPPED)
    jobs.go_on(job)
    job.refresh_from_db()
    assert (job.message, job.said, job.told) == ("", [], "")
