"""Small trees in the layouts of the image sets, for the test of each set and for the contract over all of them."""

import json
from functools import partial
from types import SimpleNamespace

import cv2
import numpy as np
from scipy.io import savemat

PICTURE = cv2.imencode(".png", np.arange(8 * 6 * 3, dtype=np.uint8).reshape(8, 6, 3))[1].tobytes()
CARS = [("bbox_x1", float), ("bbox_y1", float), ("bbox_x2", float), ("bbox_y2", float), ("class", float)]


def write_picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PICTURE)


def write_text(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_cub200(root, *, classes=4, per_class=3, inner="images"):
    """Image ids start at 1, as in CUB-200-2011."""
    rows = [(c, f"{c:03d}.Bird/Bird_{k:04d}.jpg") for c in range(1, classes + 1) for k in range(per_class)]
    write_text(root / "classes.txt", [f"{c} {c:03d}.Bird of class {c}" for c in range(1, classes + 1)])
    write_text(root / "images.txt", [f"{i} {path}" for i, (_, path) in enumerate(rows, 1)])
    write_text(root / "image_class_labels.txt", [f"{i} {c}" for i, (c, _) in enumerate(rows, 1)])
    write_text(root / "train_test_split.txt", [f"{i} {i % 2}" for i in range(1, len(rows) + 1)])
    write_text(root / "bounding_boxes.txt", [f"{i} {i}.0 2.0 30.5 40.0" for i in range(1, len(rows) + 1)])
    for _, path in rows:
        write_picture(root / inner / path)
    return root


def write_folder(root):
    for name in "abcd":
        for number in range(3):
            write_picture(root / name / f"{number}.jpg")
    return root


def write_sop(root):
    """Classes 1 and 2 train, 3 and 4 test; the ids of images go on from the one list to the other."""
    for part, classes in (("train", (1, 2)), ("test", (3, 4))):
        rows = [(c, f"{'chair' if c % 2 else 'sofa'}_final/11{c}_{k}.JPG") for c in classes for k in range(c + 1)]
        lines = [f"{i} {c} {1 + c % 2} {path}" for i, (c, path) in enumerate(rows, 1 if part == "train" else 6)]
        write_text(root / f"Ebay_{part}.txt", ["image_id class_id super_class_id path", *lines])
        for _, path in rows:
            write_picture(root / path)
    return root


INSHOP = {"train": ("id_00000001", "id_00000003"), "query": ("id_00000002",), "gallery": ("id_00000002", "id_00000004")}


def write_inshop(root, *, inner="img"):
    rows = [
        (f"img/MEN/Denim/{item}/0{number}_{place}_front.jpg", item, status)
        for number, (status, items) in enumerate(INSHOP.items(), start=1)
        for item in items
        for place in (1, 2)
    ]
    lines = [f"{name:70}{item}  {status}" for name, item, status in rows]
    write_text(
        root / "Eval" / "list_eval_partition.txt", [str(len(rows)), "image_name item_id evaluation_status", *lines]
    )
    lines = [f"{name:70}1 {1 + k % 6}  {k:03d} 002 {k + 50:03d} 080" for k, (name, _, _) in enumerate(rows)]
    header = "image_name  clothes_type  pose_type  x_1  y_1  x_2  y_2"
    write_text(root / "Anno" / "list_bbox_inshop.txt", [str(len(rows)), header, *reversed(lines)])
    for name, _, _ in rows:
        write_picture(root / "Img" / inner / name.removeprefix("img/"))
    return root


def cars(name, rows):
    """Annotations as MATLAB's, of rows (class, image's name)."""
    table = np.zeros((1, len(rows)), dtype=[*CARS, (name, object)])
    for k, (label, path) in enumerate(rows):
        table[0, k] = (k + 1.0, 2.0, k + 31.0, 42.0, float(label), path)
    return table


def write_cars196(root, *, devkit=False):
    names = np.array([f"Car of class {c}" for c in range(1, 5)], dtype=object)
    if not devkit:
        rows = [(c, f"car_ims/00000{c}{k}.jpg") for c in range(1, 5) for k in range(3)]
        root.mkdir(parents=True, exist_ok=True)
        savemat(root / "cars_annos.mat", {"annotations": cars("relative_im_path", rows), "class_names": names})
        paths = [path for _, path in rows]
    else:
        (root / "devkit").mkdir(parents=True)
        rows = [(c, f"0000{c}.jpg") for c in range(1, 5)]
        savemat(root / "devkit" / "cars_meta.mat", {"class_names": names})
        savemat(root / "devkit" / "cars_train_annos.mat", {"annotations": cars("fname", rows)})
        savemat(root / "devkit" / "cars_test_annos_withlabels.mat", {"annotations": cars("fname", rows)})
        paths = [f"cars_{part}/{path}" for part in ("train", "test") for _, path in rows]
    for path in paths:
        write_picture(root / path)
    return root


DOGS = ("n02085620-Chihuahua", "n02085782-Japanese_spaniel", "n02085936-Maltese_dog", "n02116738-African_hunting_dog")
DOG = "<object><name>dog</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def write_stanford_dogs(root):
    for breed in DOGS:
        for number in (7, 23, 105):
            name = f"{breed}/{breed.partition('-')[0]}_{number}"
            write_picture(root / "Images" / f"{name}.jpg")
            dogs = [DOG.format(number, 10, number + 30, 60)] + [DOG.format(1, 20, 5, 90)] * (number == 23)
            write_text(root / "Annotation" / name, ["<annotation>", *dogs, "</annotation>"])
    return root


def write_digix(root):
    """Class 5 has one image; a folder of the true set is empty."""
    rows = [(f"DIGIX_{c:06d}/{k}W97AIZ2CE43XHQD.jpg", c) for c in (10, 2, 0, 7, 5) for k in range(1 if c == 5 else 3)]
    write_text(root / "label.txt", [f"{path},{c}" for path, c in rows])
    for path, _ in rows:
        write_picture(root / path)
    (root / "DIGIX_001453").mkdir()
    return root


# Category -> part -> (photograph, product); photographs of streets from 100 on, of shops below.
STREET2SHOP = {
    "bags": {
        "train": [(101, 1), (102, 2), (103, 3)],
        "test": [(111, 4), (112, 5), (113, 4)],
        "shop": [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 1)],
    },
    "hats": {"train": [(104, 21)], "test": [(111, 24)], "shop": [(21, 21), (24, 24), (25, 24)]},
}
DEAD = (3, 5, 112)  # photographs whose address answers no more


def write_street2shop(root):
    ids = set()
    for category, parts in STREET2SHOP.items():
        for part, rows in parts.items():
            entries = [{"photo": photo, "product": product} for photo, product in rows]
            if part != "shop":
                entries = [
                    {**row, "bbox": {"top": 3, "left": row["photo"] % 4, "width": 2, "height": 4}} for row in entries
                ]
            name = f"retrieval_{category}" if part == "shop" else f"{part}_pairs_{category}"
            write_text(root / "meta" / "json" / f"{name}.json", [json.dumps(entries)])
            ids |= {photo for photo, _ in rows}
    write_text(
        root / "photos" / "photos.txt", [f"{photo:09d},http://shop.com/a,b/{photo}.jpg" for photo in sorted(ids)]
    )
    for photo in ids - set(DEAD):
        write_picture(root / "images" / f"{photo:09d}.jpg")
    return root


LFW = {"Ann_Lee": 3, "Bo": 1, "Cy_De_La_Cruz": 2, "Di": 2}  # person -> images
LFW_PAIRS = (
    *("2\t2", "Ann_Lee\t1\t3", "Di\t1\t2", "Ann_Lee\t1\tBo\t1", "Bo\t1\tDi\t2"),
    *("Cy_De_La_Cruz\t1\t2", "Ann_Lee\t3\t1", "Di\t1\tAnn_Lee\t3", "Cy_De_La_Cruz\t2\tDi\t1"),
)


def write_lfw(root, *, inner="lfw-deepfunneled"):
    """Two folds of two pairs of either kind; the second image of Ann Lee stands in none."""
    for person, count in LFW.items():
        for number in range(1, count + 1):
            write_picture(root / inner / person / f"{person}_{number:04d}.jpg")
    write_text(root / "pairs.txt", LFW_PAIRS)
    return root


MARKET1501 = {
    "bounding_box_train": ("0002_c1s1_000451_03", "0002_c2s1_000301_01", "0007_c3s3_077419_03", "0007_c3s3_077419_04"),
    "query": ("0001_c1s1_001051_00", "0005_c6s2_000926_00"),
    "bounding_box_test": (
        *("-1_c1s1_000401_03", "0000_c1s1_000151_01", "0000_c4s6_012345_10"),
        *("0001_c1s1_001051_03", "0001_c2s1_000976_01", "0005_c1s1_001351_02", "0005_c6s2_000926_02"),
    ),
}


def write_market1501(root):
    """Persons 2 and 7 train, 1 and 5 test; a gallery with one junk image and two distractors."""
    for part, names in MARKET1501.items():
        for name in names:
            write_picture(root / part / f"{name}.jpg")
        (root / part / "Thumbs.db").write_bytes(b"thumbs")
    return root


def write_label_lists(root, rows="110 100 011 010 001 000 101 000", *, before="", inner="images"):
    """Images 0 to 3 train and are searched, 4 and 5 are searched, 6 and 7 ask; ``before`` begins the lists' paths."""
    lines = [f"{before}{inner}/{number}.jpg {' '.join(row)}" for number, row in enumerate(rows.split())]
    for name, part in (("train", lines[:4]), ("database", lines[:6]), ("test", lines[6:])):
        write_text(root / f"{name}.txt", part)
    for number in range(8):
        write_picture(root / inner / f"{number}.jpg")
    return root


write_labelled = partial(write_label_lists, rows="100 100 010 010 001 001 100 010")
write_imagenet100 = partial(write_labelled, before="/home/them/dataset/imagenet/", inner="image")
write_nuswide21 = write_label_lists
write_nuswide81 = partial(write_label_lists, before="./data/nuswide_81/")
write_coco = partial(write_label_lists, before="/home/them/dataset/coco/", inner="val2014")


def write_cifar10(root):
    """Two images of every class in each of the six binary files."""
    rng = np.random.default_rng(0)
    write_text(root / "batches.meta.txt", ["airplane", "auto", "bird", "cat", *"efghi", "truck", ""])
    for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
        records = np.hstack([np.repeat(np.arange(10), 2)[:, None], rng.integers(0, 256, (20, 3072))])
        (root / f"{name}.bin").write_bytes(records.astype(np.uint8).tobytes())
    return root


def write_covers(root):
    """Nothing: the set draws itself there."""
    return root


def write_sketchy(root, *, extended=True):
    """Three classes, bat unseen; six sketches, four photographs that were drawn and two more of each."""
    for name in ("airplane", "bat", "hot-air_balloon"):
        for number in range(6):
            write_picture(root / "256x256/sketch/tx_000000000000" / name / f"n0_{number // 2}-{number % 2 + 1}.png")
        for number in range(4):
            write_picture(root / "256x256/photo/tx_000000000000" / name / f"n0_{number}.jpg")
        for number in range(2 * extended):
            write_picture(root / "EXTEND_image_sketchy" / name / f"ext_{number}.jpg")
    write_text(root / "unseen_classes.txt", ["bat"])
    return root


def write_tuberlin(root):
    """Three classes, pig unseen by the list; names of classes have blanks."""
    for c, name in enumerate(("alarm clock", "pig", "mouse (animal)")):
        for number in range(5):
            write_picture(root / "png" / name / f"{10 * c + number}.png")
            write_picture(root / "ImageResized" / name / f"{number}.jpg")
    zero = [f"png_ready/pig/{10 + number}.png 2" for number in range(5)]
    write_text(root / "zeroshot" / "png_ready_filelist_zero.txt", zero)
    return root


def write_sketches(root):
    """Five of each kind of three classes, of which "sword" is unseen, and photographs alone of a fourth."""
    for name in ("bell", "cat", "sword"):
        for number in range(5):
            write_picture(root / "sketch" / name / f"{number}.png")
            write_picture(root / "photo" / name / f"{number}.jpg")
    write_picture(root / "photo" / "zebra" / "0.jpg")
    write_text(root / "unseen_classes.txt", ["sword"])
    return root


# ``WRITE.sop(folder)`` writes a small Stanford Online Products, and so on.
WRITE = SimpleNamespace(
    **{name.removeprefix("write_"): writer for name, writer in globals().items() if name.startswith("write_")}
)
