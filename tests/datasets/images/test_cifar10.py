"""CIFAR-10: read from its binary files or class folders, and dealt by the convention that its name says."""

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import cifar10
from datasets.sources import image_source


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    """120 images, 12 a class."""
    monkeypatch.setattr(cifar10, "IMAGES", 120)
    monkeypatch.setattr(cifar10, "COUNTS", {"all": (120, 10)})
    monkeypatch.setattr(cifar10, "DEAL", {"0": (2, 3), "1": (2, 3), "2": (4, 8)})
    root = tmp_path / "cifar-10-batches-bin"
    root.mkdir()
    return write.cifar10(root)


def test_images_are_those_of_the_binary_files(tree):
    found = cifar10.load(tree)
    assert found.images.shape == (120, 32, 32, 3) and found.images.dtype == np.uint8 and found.size == 32
    assert found.class_names[0] == "airplane" and found.class_names[9] == "truck"
    row = 0
    for name in cifar10.BATCHES:
        content = (tree / name).read_bytes()
        for start in range(0, len(content), 3073):
            assert found.labels[row] == content[start]
            for y, x in ((0, 0), (3, 7), (31, 31)):
                plane = [content[start + 1 + color * 1024 + y * 32 + x] for color in range(3)]
                assert found.images[row, y, x].tolist() == plane
            row += 1
    assert row == 120


def counts(image_set, part):
    return np.bincount(image_set.labels[getattr(image_set, part)], minlength=10).tolist()


def test_the_three_conventions(tree):
    first, second, third = (cifar10.load(tree, split=split) for split in cifar10.SPLITS)
    assert [found.name for found in (first, second, third)] == ["cifar10-0", "cifar10-1", "cifar10-2"]
    for found, queries, training, searched in ((first, 2, 3, 7), (second, 2, 3, 10), (third, 4, 8, 8)):
        assert counts(found, "query") == [queries] * 10
        assert counts(found, "train") == [training] * 10
        assert counts(found, "gallery") == [searched] * 10
        assert not np.isin(found.query, np.concatenate([found.train, found.gallery])).any()
    assert not np.isin(first.train, first.gallery).any()
    assert np.isin(second.train, second.gallery).all() and np.array_equal(third.train, third.gallery)
    assert np.array_equal(first.query, second.query) and np.array_equal(first.train, second.train)
    assert cifar10.load(tree).fingerprint() == second.fingerprint()


def test_the_draw_is_the_same_everywhere(tree):
    found = cifar10.load(tree, split="0")
    assert found.query[:10].tolist() == [6, 11, 14, 24, 28, 37, 40, 44, 51, 56]
    assert found.train[:10].tolist() == [0, 5, 7, 8, 16, 20, 21, 30, 32, 34]
    assert {row // 20 for row in found.query} == set(range(6))  # official training and test images alike


def test_a_name_may_ask_for_one_of_them(tree):
    for name, split in (("cifar10", "1"), *((f"cifar10-{split}", split) for split in cifar10.SPLITS)):
        assert image_source.load(name, tree).fingerprint() == cifar10.load(tree, split=split).fingerprint()


def test_published_counts_are_those_of_the_true_deal():
    for split, queries, training, searched in (
        ("0", 1_000, 5_000, 54_000), ("1", 1_000, 5_000, 59_000), ("2", 10_000, 50_000, 50_000),
    ):  # fmt: skip
        labels = np.tile(np.arange(10), 6_000)
        dealt = cifar10._dealt(None, labels, tuple("abcdefghij"), split)
        assert [len(dealt[part]) for part in ("query", "train", "gallery")] == [queries, training, searched]
        assert all(len(np.unique(rows)) == len(rows) for rows in dealt.values())


def folders(tree, root, *, ending="png"):
    """The images of the binary files in class folders."""
    found = cifar10.load(tree)
    for row, (image, label) in enumerate(zip(found.images, found.labels, strict=True)):
        path = root / ("train" if row < 100 else "test") / found.class_names[label] / f"{row:04d}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image[..., ::-1])
    return root


def test_class_folders_are_dealt_alike(tree, tmp_path):
    root = folders(tree, tmp_path / "pictures")
    for split in cifar10.SPLITS:
        packed, found = cifar10.load(tree, split=split), cifar10.load(root, split=split)
        assert found.name == packed.name and found.class_names == packed.class_names
        for part in ("train", "query", "gallery"):
            rows = {int(found.images[row][-8:-4]) for row in getattr(found, part)}
            assert rows == set(getattr(packed, part).tolist())
    path = found.images[found.query[0]]
    np.testing.assert_array_equal(cv2.imread(path)[..., ::-1], packed.images[int(path[-8:-4])])


def test_a_part_of_the_set_says_so_in_its_name_and_must_be_enough(tree, tmp_path):
    root = folders(tree, tmp_path / "pictures")
    (root / "test" / "cat" / "0106.png").unlink()
    assert cifar10.load(root).name == "cifar10-1-of-119"
    with pytest.raises(
        InputError, match=r"pictures: class 'cat' has 11 images, and --split=2 of .* deals 4 queries and 8"
    ):
        cifar10.load(root, split="2")
    for path in list((root / "train" / "cat").iterdir())[:6]:
        path.unlink()
    assert cifar10.load(root, split="1").name == "cifar10-1-of-113"
    with pytest.raises(InputError, match="class 'cat' has 5 images"):
        cifar10.load(root, split="0")  # none is left to be searched
    (root / "test").rename(root / "away")
    with pytest.raises(InputError, match="folder .*test is missing: its class folders are a part"):
        cifar10.load(root)


def test_wrong_binary_files_are_named(tree):
    file = tree / "data_batch_3.bin"
    whole = file.read_bytes()
    for content, message in (
        (whole[:-1], "data_batch_3.bin: has 61,459 bytes, not 3,073 an image: unpack it again"),
        (b"", "data_batch_3.bin: has 0 bytes"),
        (
            whole[:3073] + b"\x0a" + whole[3074:],
            "data_batch_3.bin: image 1 is of class 10, where batches.meta.txt names",
        ),
        (whole[:-3073], "has 119 images of 10 classes, where CIFAR-10 has 120 of 10"),
        (None, "data_batch_3.bin is missing: unpack cifar-10-binary.tar.gz again"),
    ):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(InputError, match=message):
            cifar10.load(tree)
    file.write_bytes(whole)
    (tree / "batches.meta.txt").unlink()
    with pytest.raises(InputError, match="batches.meta.txt is missing"):
        cifar10.load(tree)


def test_splits_and_boxes_that_are_not_there(tree):
    with pytest.raises(InputError, match="--split=3: cifar10 has the splits 0, 1, 2"):
        cifar10.load(tree, split="3")
    with pytest.raises(InputError, match="cifar10 has no boxes"):
        cifar10.load(tree, boxes=True)


def test_it_is_downloaded_and_unpacked_once(tmp_path, tree, offer, monkeypatch):
    before, target = cifar10.load(tree), tmp_path / "data"
    target.mkdir()
    (tmp_path / "content").mkdir()
    tree.rename(tmp_path / "content" / tree.name)
    server = offer(cifar10, "cifar-10-binary.tgz", tmp_path / "content")
    for _ in range(2):
        assert cifar10.load(target).fingerprint() == before.fingerprint()
    assert (target / "cifar10" / "cifar-10-batches-bin" / "test_batch.bin").is_file()
    assert len(server.asked) == 1
