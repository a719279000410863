"""Small things, drawn: a reference of each, and a photograph that asks for it, turned and darker; three parts."""

from pathlib import Path

import cv2
import numpy as np

PARTS, EACH, SIDE = ("books", "doors", "signs"), 3, 160


def flat(seed: int) -> np.ndarray:
    """(160, 160, 3) uint8 of patches, discs and letters, of which each thing has its own."""
    rng = np.random.default_rng(seed)
    drawn = np.full((SIDE, SIDE, 3), rng.integers(60, 200, 3), np.uint8)
    for _ in range(30):
        place, size = rng.integers(0, SIDE, 2).tolist(), int(rng.integers(6, 26))
        colour = rng.integers(0, 256, 3).tolist()
        if rng.random() < 0.5:
            cv2.rectangle(drawn, place, (place[0] + size, place[1] + int(size * rng.uniform(0.5, 2))), colour, -1)
        else:
            cv2.circle(drawn, place, size // 2, colour, -1)
        letter = chr(int(rng.integers(65, 91)))
        cv2.putText(drawn, letter, rng.integers(0, SIDE, 2).tolist(), 0, 0.7, rng.integers(0, 256, 3).tolist(), 2)
    return drawn


def photographed(picture: np.ndarray, seed: int) -> np.ndarray:
    """The same turned by a few degrees, smaller, darker, before a grey wall."""
    rng = np.random.default_rng(seed)
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), float(rng.uniform(-12, 12)), float(rng.uniform(0.75, 0.9)))
    moved = cv2.warpAffine(picture, turn, (SIDE + 40, SIDE), borderValue=(120, 120, 120))
    return cv2.convertScaleAbs(moved, alpha=0.85)


def write(root: Path) -> Path:
    """``root``/images.csv with 9 things in three parts, each asked for by a photograph, and two that show none."""
    lines = ["path,instance,role,set"]
    for number in range(len(PARTS) * EACH):
        part, name = PARTS[number // EACH], f"thing{number}"
        picture = flat(number)
        for role, drawn in (("reference", picture), ("query", photographed(picture, 50 + number))):
            path = f"{part}/{name}-{role}.png"
            _save(root / path, drawn)
            lines.append(f"{path},{name},{role},{part}")
    for number in (100, 101):
        _save(root / f"street/{number}.png", flat(number))
        lines.append(f"street/{number}.png,,distractor,")
    (root / "images.csv").write_text("\n".join(lines) + "\n")
    return root / "images.csv"


def _save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
