"""An engine for workers of tests: the mean colours of pictures; one that is all white ends the process."""

import os
import signal

import numpy as np

from embedding.engine.base import Facts


class Deadly:
    """Three numbers a picture, the means of red, green and blue."""

    name = "deadly"

    def __init__(self, mark: str = "") -> None:
        self.facts = Facts("a", "deadly", (8, 6), "stretch", 3)
        self._mark = mark

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        if (pixels == 255).all(axis=(1, 2, 3)).any() and not (self._mark and os.path.exists(self._mark)):
            if self._mark:
                open(self._mark, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return pixels.reshape(len(pixels), -1, 3).mean(axis=1, dtype=np.float32)
