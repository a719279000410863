"""Demo: galleries of what the demos draw, scenes found by sentences and characters never trained on.

Their networks are trained first where they are not there yet, by the commands of make demo and make demo-vse.
"""

import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from datasets.errors import RunFailed
from datasets.stored import vectors_file
from web.galleries import adding, drawn
from web.serving.network import Spec

RUNS = Path("runs")
# Of each gallery its run, what trains that, and what draws its pictures.
DEMOS = {
    "Scenes": ("demo-vse", ("train_vse.py",), drawn.scenes),
    "Characters": ("demo", ("train_margin.py", "--epochs=10", "--lr=1e-3", "--steps=6,8"), drawn.characters),
}


class Command(BaseCommand):
    """python -m web.manage demo"""

    help = "Add the galleries of the demos; train their networks if they are not there."

    def handle(self, **options: object) -> None:
        """Whatever is there already stays as it is."""
        for name, (run, words, draw) in DEMOS.items():
            if not (RUNS / run / vectors_file.NAME).exists():  # which a training writes last
                self.stdout.write(f"training {RUNS / run}, once: some minutes")
                self.stdout.flush()
                _train(run, words)
            photos, spec = draw(settings.DATA / "demo" / name.lower()), Spec("run", path=str((RUNS / run).resolve()))
            if not adding.is_there(str(photos), spec):
                adding.add(name, str(photos), spec)


def _train(run: str, words: tuple[str, ...]) -> None:
    script = settings.ROOT.parent / "scripts" / words[0]
    done = subprocess.run([sys.executable, str(script), f"--name={run}", *words[1:]], check=False)
    if done.returncode:
        raise RunFailed(f"{script.name} ended with code {done.returncode}: see {RUNS / run}/log.txt")
