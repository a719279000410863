"""Small trees in the layouts of the image sets whose queries are told what to find, one by one."""

import pickle
from functools import partial
from types import SimpleNamespace

from image_trees import write_picture, write_text

# path, instance, role, set; in doors all ask each other.
INSTANCES = (
    *("book 1/q.jpg,b1,query,books", "book 1/r.jpg,b1,reference,books", "book 2/q.jpg,b2,query,books"),
    *("book 2/r.jpg,b2,reference,books", "tower 1/q.jpg,t1,query,towers", "tower 1/r.jpg,t1,reference,towers"),
    *("door/1.jpg,d,view,doors", "door/2.jpg,d,view,doors", "door/3.jpg,d,view,doors", "street.jpg,,distractor,street"),
    *("car/1.jpg,c,train,cars", "car/2.jpg,c,train,cars"),
)


def write_instances(root):
    """Two books and a tower, asked for by a photograph each, three views of a door, a distractor, and two to train."""
    write_text(root / "images.csv", ["path,instance,role,set", *INSTANCES])
    for line in INSTANCES:
        write_picture(root / line.partition(",")[0])
    return root


# Query -> the name of its picture, its box, and the names that are good, ok and junk for it.
OXFORD5K = {
    "all_souls_1": ("oxford_000002", "1 2 5.5 7", ["oxford_000002", "oxford_000001"], ["oxford_000003"], []),
    "keble_1": ("oxford_000005", "0 0 6 8", ["oxford_000005"], ["oxford_000006"], ["oxford_000001", "oxford_000004"]),
}


def write_oxford5k(root, *, queries=OXFORD5K, prefix="oxc1_"):
    """Six photographs and two queries."""
    for query, (picture, box, *grades) in queries.items():
        write_text(root / "gt_files" / f"{query}_query.txt", [f"{prefix}{picture} {box}"])
        for grade, names in zip(("good", "ok", "junk"), grades, strict=True):
            write_text(root / "gt_files" / f"{query}_{grade}.txt", names)
    for number in range(1, 7):
        write_picture(root / "jpg" / f"{queries[next(iter(queries))][0][:-1]}{number}.jpg")
    return root


PARIS6K = {
    "defense_1": ("paris_louvre_000132", "1 2 5.5 7", ["paris_louvre_000132"], ["paris_louvre_000136"], []),
    "louvre_1": ("paris_louvre_000135", "0 0 6 8", ["paris_louvre_000135", "paris_louvre_000134"], [], []),
}


def write_paris6k(root):
    """Six photographs, the last of which (136) is one that is damaged, and two queries."""
    return write_oxford5k(root, queries=PARIS6K, prefix="")


REVISITED = {
    "imlist": ["a_1", "a_2", "a_3", "b_1", "b_2", "c_1"],
    "qimlist": ["q_1", "q_2", "q_3"],
    "gnd": [
        {"bbx": [1, 2, 5.5, 7], "easy": [0], "hard": [1, 2], "junk": [5]},
        {"bbx": [0, 0, 6, 8], "easy": [], "hard": [4], "junk": []},
        {"bbx": [0.0, 0.0, 6.0, 8.0], "easy": [1], "hard": [], "junk": [0, 3]},
    ],
}


def write_revisited(root, name, *, content=REVISITED, pictures="jpg"):
    """Six photographs, three queries, and distractors beside the folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / f"gnd_{name}.pkl").write_bytes(pickle.dumps(content, protocol=2))
    for image in (*content["imlist"], *content["qimlist"]):
        write_picture(root / pictures / f"{image}.jpg")
    write_text(root.parent / "revisitop1m" / "revisitop1m.txt", ["0/x.jpg", "1/y.jpg"])
    for image in ("0/x.jpg", "1/y.jpg"):
        write_picture(root.parent / "revisitop1m" / "jpg" / image)
    return root


def write_roxford5k(root):
    return write_revisited(root / "roxford5k", "roxford5k")


def write_rparis6k(root):
    return write_revisited(root / "rparis6k", "rparis6k")


# Pictures, the model of each, and pairs of those that show the same place.
SFM = {
    "train": {
        "cids": ["a000000", "a000001", "b000002", "b010203"],
        "cluster": [7, 7, 8, 8],
        "pairs": [(0, 1), (2, 3), (3, 2)],
    },
    "val": {
        "cids": ["c000000", "c000001", "c000002", "d000000", "d000001"],
        "cluster": [7, 7, 7, 2, 2],
        "pairs": [(0, 1), (4, 3)],
    },
}


def as_sfm(part):
    """A part of SFM as its authors write it."""
    first, second = map(list, zip(*part["pairs"], strict=True))
    return {"cids": part["cids"], "cluster": part["cluster"], "qidxs": first, "pidxs": second}


def write_sfm120k(root, *, name="retrieval-SfM-120k", inner="train/retrieval-SfM-120k"):
    """Two models train, two are judged; the list for whitening has the pictures that train, and no models."""
    parts = {part: as_sfm(content) for part, content in SFM.items()}
    whiten = {key: value for key, value in parts["train"].items() if key != "cluster"}
    (root / inner).mkdir(parents=True, exist_ok=True)
    for file, content in ((name, parts), (f"{name}-whiten", whiten)):
        (root / inner / f"{file}.pkl").write_bytes(pickle.dumps(content, protocol=2))
    for cid in (*parts["train"]["cids"], *parts["val"]["cids"]):
        write_picture(root / inner / "ims" / cid[-2:] / cid[-4:-2] / cid[-6:-4] / cid)
    return root


write_sfm30k = partial(write_sfm120k, name="retrieval-SfM-30k", inner="train/retrieval-SfM-30k")


def write_holidays(root):
    """Three scenes of three, two and two photographs."""
    for name in ("100000", "100001", "100002", "100100", "100101", "123400", "123401"):
        write_picture(root / "jpg" / f"{name}.jpg")
    return root


GLDV2 = {
    "train/train_clean.csv": ["landmark_id,images", "10,a0a0 a0a1", "3,b0b0 b1b1 b2b2", "4,c0c0"],
    "train/train.csv": ["id,url,landmark_id", "a0a0,http://a/b?c,10", "a0a1,http://a,10", "b0b0,,3", "b1b1,x,3"],
    "index/index.csv": ["id", "d0d0", "d1d1", "e0e0", "f0f0"],
    "retrieval_solution_v2.1.csv": [
        *("id,images,Usage", "0aaa,d0d0 d1d1,Public", "1bbb,None,Ignored", "2ccc,e0e0,Private", "3ddd,d1d1,Private"),
    ],
}


def write_gldv2(root):
    for file, lines in GLDV2.items():
        write_text(root / file, lines)
    pictures = {"train": "a0a0 a0a1 b0b0 b1b1 b2b2 c0c0", "index": "d0d0 d1d1 e0e0 f0f0", "test": "0aaa 2ccc 3ddd"}
    for part, names in pictures.items():
        for name in names.split():
            write_picture(root / part / name[0] / name[1] / name[2] / f"{name}.jpg")
    return root


WRITE = SimpleNamespace(
    **{
        name.removeprefix("write_"): writer
        for name, writer in globals().items()
        if name.startswith("write_") and name not in ("write_picture", "write_text")
    }
)
