"""Small trees in the layouts of the caption sets, for the test of each set and for the contract over all of them."""

import json
from types import SimpleNamespace

import numpy as np

# Name -> part. Two train, one is dev, two test; Chinese and emoji are captions like others.
IMAGES = {"10_a.jpg": "train", "11_b.jpg": "train", "12_c.jpg": "val", "13_d.jpg": "test", "14_e.jpg": "test"}
STRANGE = ("两只狗在雪地里玩耍 。", "a dog 🐕\u200d🦺 runs \u2028 fast")


def captions_of(name):
    return [f"Caption {number} of {name} ." for number in range(3)] + list(STRANGE)


def write_text(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\n".join(lines) + "\n").encode("utf-8"))


def write_pictures(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"never opened")


def karpathy_entry(name, split, number, **fields):
    sentences = [
        {"raw": caption, "tokens": caption.lower().split(), "imgid": number, "sentid": 5 * number + place}
        for place, caption in enumerate(captions_of(name))
    ]
    return {
        "sentids": [sentence["sentid"] for sentence in sentences],
        "imgid": number,
        "sentences": sentences,
        "split": split,
        "filename": name,
    } | fields


def write_karpathy(file, entries, name):
    write_text(file, [json.dumps({"images": entries, "dataset": name})])


def write_flickr8k(root):
    """The text files; 15_f.jpg is of no part, and the release's stray captions name no image."""
    texts, names = root / "Flickr8k_text", [*IMAGES, "15_f.jpg"]
    stray = [f"2258277193_586949ec62.jpg.1#{number}\tA stray ." for number in range(5)]
    lines = [f"{name}#{number}\t{caption}" for name in names for number, caption in enumerate(captions_of(name))]
    write_text(texts / "Flickr8k.token.txt", lines[:5] + stray + lines[5:])
    for part, split in (("train", "train"), ("dev", "val"), ("test", "test")):
        names_of_part = [name for name, its in IMAGES.items() if its == split]
        write_text(texts / f"Flickr_8k.{part}Images.txt", names_of_part[::-1])
    write_pictures(root / "Flicker8k_Dataset", names)
    return root


def write_flickr8k_json(root):
    entries = [karpathy_entry(name, split, number) for number, (name, split) in enumerate(IMAGES.items())]
    write_karpathy(root / "dataset_flickr8k.json", entries, "flickr8k")
    write_pictures(root / "Flicker8k_Dataset", IMAGES)
    return root


def write_flickr30k(root):
    entries = [karpathy_entry(name, split, number) for number, (name, split) in enumerate(IMAGES.items())]
    write_karpathy(root / "dataset_flickr30k.json", entries, "flickr30k")
    write_pictures(root / "flickr30k-images", IMAGES)
    return root


def write_coco(root):
    """Training images in train2014, all others in val2014; one of restval, and one with a sixth caption."""
    entries = []
    for number, (name, split) in enumerate((IMAGES | {"16_g.jpg": "restval"}).items()):
        folder = "train2014" if split == "train" else "val2014"
        entries.append(karpathy_entry(name, split, number, filepath=folder, cocoid=number))
        write_pictures(root / folder, [name])
    entries[1]["sentences"].append({"raw": "A sixth caption .", "tokens": ["sixth"], "imgid": 1, "sentid": 99})
    write_karpathy(root / "dataset_coco.json", entries, "coco")
    return root


def write_coco2017(root, *, train=20, val=4):
    """COCO's own files: ids descend, captions of all images are mixed; one image of val2017 has no captions."""
    for part, count in (("train", train), ("val", val)):
        ids = list(range(100 + count, 100, -1))
        images = [{"id": image, "file_name": f"{image:012d}.jpg", "height": 4, "width": 4} for image in ids]
        notes = [
            {"image_id": image, "id": 10 * image + number, "caption": f"Caption {number} of {part} {image}."}
            for number in range(5)
            for image in ids
        ]
        content = {"info": {}, "licenses": [], "images": images, "annotations": notes}
        write_text(root / "annotations" / f"captions_{part}2017.json", [json.dumps(content)])
        write_pictures(root / f"{part}2017", [f"{image:012d}.jpg" for image in [*ids, 999]])
    return root


PRECOMPUTED = {"train": 3, "dev": 1, "test": 2, "testall": 4}  # part -> images


def features(part, *, dim=6):
    """(images, dim) float32; of the parts, testall begins with test."""
    seed = {"train": 0, "dev": 1, "test": 2, "testall": 2}[part]
    return np.random.default_rng(seed).random((PRECOMPUTED[part], dim)).astype(np.float32)


def write_precomputed(root, *, inner="f8k_precomp", rows_an_image=1):
    folder = root / inner
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in PRECOMPUTED.items():
        np.save(folder / f"{part}_ims.npy", np.repeat(features(part), rows_an_image, axis=0))
        lines = [caption for number in range(count) for caption in captions_of(f"{part} {number}")]
        write_text(folder / f"{part}_caps.txt", lines)
    return root


def write_captions(root, *, ending="csv", split=True):
    """A table of one's own: a line a caption, the captions of an image apart; quoted cells and a comma in them."""
    between = {"csv": ",", "tsv": "\t"}[ending]
    rows = [(name, caption, IMAGES[name]) for number in range(5) for name, caption in _fifth(number)]
    lines = [between.join(["Path", "Caption", "Split"][: 3 if split else 2])]
    lines += [
        between.join([f"pictures/{name}", f'"{caption}"', part][: 3 if split else 2]) for name, caption, part in rows
    ]
    write_text(root / f"captions.{ending}", lines)
    write_pictures(root / "pictures", IMAGES)
    return root


def _fifth(number):
    """(name, caption) of the caption ``number`` of every image."""
    return [(name, captions_of(name)[number].replace("Caption", "Caption,")) for name in IMAGES]


def write_web_news(root):
    """One caption of each of twelve photographs; the first ones are strange."""
    for part, names in (("train", range(8)), ("test", range(8, 12))):
        captions = [*STRANGE, *(f"参观者{number}号" for number in names)][: len(names)]
        write_text(
            root / f"{part}.tsv", [f"images/{n:04d}.jpg\t3\t{text}" for n, text in zip(names, captions, strict=True)]
        )
    write_pictures(root / "images", [f"{number:04d}.jpg" for number in range(12)])
    return root


# ``WRITE.flickr8k(folder)`` writes a small Flickr8k, and so on; and what they are made of.
WRITE = SimpleNamespace(
    **{name.removeprefix("write_"): writer for name, writer in globals().items() if name.startswith("write_")},
    captions_of=captions_of,
    strange=STRANGE,
    images=IMAGES,
    features=features,
    entry=karpathy_entry,
)
