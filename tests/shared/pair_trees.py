"""Small trees in the layouts of the sets of pairs, for the test of each set and for the contract over all of them."""

import caption_trees
import cv2
import h5py
import numpy as np
from scipy.io import savemat

COUNTS = {"query": 2, "train": 3, "gallery": 5}  # of MIRFlickr-25k and NUS-WIDE, made small
WIKI = {"train": 4, "query": 2, "gallery": 4}
STRANGE = ("两只狗在雪地里玩耍。", "a dog 🐕 runs fast")


def write_wiki(root, *, train=4, test=2):
    root.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    arrays = {
        f"{kind}_{part}": rng.random((count, size))
        for kind, size in (("I", 8), ("T", 3), ("T_tfidf", 9))
        for part, count in (("tr", train), ("te", test))
    }
    savemat(root / "raw_features.mat", arrays)
    for name, count in (("trainset", train), ("testset", test)):
        lines = [f"text-{row}\timage{row}\t{row % 10 + 1}\n" for row in range(count)]
        (root / f"{name}_txt_img_cat.list").write_text("".join(lines))
    return root


def pictures_of(count=7):
    """(N, H, W, 3) uint8, higher than wide."""
    return np.random.default_rng(1).integers(0, 256, (count, 6, 4, 3), np.uint8)


def tags_and_labels(count=7, labels=3):
    rng = np.random.default_rng(2)
    return (rng.random((count, 5)) < 0.5).astype(np.uint8), (rng.random((count, labels)) < 0.6).astype(np.uint8)


def write_mirflickr25k(root):
    """All in one MATLAB 7.3 file, whose axes are turned round."""
    root.mkdir(parents=True, exist_ok=True)
    tags, labels = tags_and_labels()
    with h5py.File(root / "FLICKR-25K.mat", "w") as file:
        file["images"] = pictures_of().transpose(0, 3, 2, 1)
        file["YAll"], file["LAll"] = tags.T, labels.T
    return root


def write_nuswide(root):
    """In three files, two of them of MATLAB 5."""
    root.mkdir(parents=True, exist_ok=True)
    tags, labels = tags_and_labels()
    with h5py.File(root / "nus-wide-tc21-iall.mat", "w") as file:
        file["IAll"] = pictures_of().transpose(0, 3, 2, 1)
    savemat(root / "nus-wide-tc21-yall.mat", {"YAll": tags})
    savemat(root / "nus-wide-tc21-lall.mat", {"LAll": labels})
    return root


def write_pairs(root, *, lines=None):
    """Own pairs: two train, two ask; labels are numbers with names."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    for row in range(4):
        cv2.imwrite(str(root / "images" / f"{row}.png"), np.full((8, 8, 3), 60 * row, np.uint8))
    texts = ("a red car", *STRANGE, "snow")
    made = [f"images/{row}.png\t{row % 2}\t{texts[row]}\n" for row in range(4)]
    (root / "train.tsv").write_text("".join(lines or made[:2]), encoding="utf-8")
    (root / "test.tsv").write_text("".join(made[2:]), encoding="utf-8")
    (root / "categories.txt").write_text("vehicles\nanimals\n")
    return root


write_flickr8k = caption_trees.write_flickr8k


WORDS = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0), "white": (255, 255, 255)}


def write_planted(root, *, train=40, test=12):
    """Own pairs that can be learned: noisy pictures of one colour, whose word is in the text, and their label."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for name, count in (("train", train), ("test", test)):
        lines = []
        for row in range(count):
            word = list(WORDS)[row % len(WORDS)]
            picture = np.clip(rng.normal(0, 30, (16, 16, 3)) + 0.8 * np.array(WORDS[word]), 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / "images" / f"{name}{row}.png"), picture)
            others = " ".join(rng.choice(["a", "the", "some", "picture", "of", "with", "nice"], 4))
            lines.append(f"images/{name}{row}.png\t{word}\t{others} {word} thing\n")
        (root / f"{name}.tsv").write_text("".join(lines))
    return root
