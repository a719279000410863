"""A queueing system: jobs are submitted with dask-jobqueue's settings; what it refuses is one line."""

import os
import stat

import cluster_tasks
import pytest

from datasets.cluster.connect import connect
from datasets.errors import InputError

pytest.importorskip("dask_jobqueue")

SUBMIT = '#!/bin/sh\nsh "$1" >/dev/null 2>&1 &\necho $! >> "$(dirname "$0")/jobs"\necho "Submitted batch job $!"\n'
REFUSE = "#!/bin/sh\necho 'sbatch: error: invalid partition: gpu' >&2\nexit 1\n"


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Writes an ``sbatch`` that does what it is given, with a ``scancel``, and sets jobs of one core."""
    import dask

    def make(sbatch: str) -> None:
        for name, script in (("sbatch", sbatch), ("scancel", '#!/bin/sh\nkill "$1"\n')):
            (tmp_path / name).write_text(script)
            (tmp_path / name).chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(__import__("sys").path))
    job = {"jobqueue.slurm.cores": 1, "jobqueue.slurm.memory": "1GB", "jobqueue.slurm.interface": "lo"}
    with dask.config.set(job):
        yield make


def test_jobs_do_the_tasks(slurm, tmp_path, capfd):
    slurm(SUBMIT)
    with connect("slurm:2") as pool:
        assert sorted(pool.run(cluster_tasks.square, range(4))) == [(0, 0), (1, 1), (2, 4), (3, 9)]
    assert len((tmp_path / "jobs").read_text().split()) == 2
    assert capfd.readouterr() == ("", "--cluster=slurm:2: waiting for the first worker\n")


def test_what_is_refused_is_told(slurm):
    slurm(REFUSE)
    message = "^--cluster=slurm: sbatch refuses the job: sbatch: error: invalid partition: gpu$"
    with pytest.raises(InputError, match=message), connect("slurm"):
        pass


def test_what_is_missing_is_told(slurm, monkeypatch):
    import dask

    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match="--cluster=slurm:2: there is no sbatch here"), connect("slurm:2"):
        pass
    message = r"set jobqueue\.slurm\.memory of a job in ~/\.config/dask/jobqueue\.yaml"
    with (
        dask.config.set({"jobqueue.slurm.memory": None}),
        pytest.raises(InputError, match=message),
        connect("slurm:2"),
    ):
        pass
