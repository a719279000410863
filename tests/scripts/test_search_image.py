"""Searching pictures by a picture: the same thing comes first, matches are drawn, every mistake is one line."""

import re
import runpy
from pathlib import Path

import encoders
import numpy as np
import pytest
import small_things

from datasets.stored import vectors_file, writing
from datasets.vectors.base import VectorSet
from embedding.evaluation.whiten import Whitening

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "search_image.py"


pytestmark = pytest.mark.usefixtures("in_small_place")

NET = ("--model=net.onnx", "--image-size=160")


def ranking(out: str) -> list[list[str]]:
    """The file names found for each picture, best first."""
    found: list[list[str]] = []
    for line in out.splitlines():
        if hit := re.fullmatch(r" +(\d+)  +-?\d+\.\d{4}  (?: *\d+ inliers  )?(.*)", line):
            found += [[]] if hit[1] == "1" else []
            found[-1].append(hit[2].rpartition("/")[2])
    return found


def test_geometry_finds_the_thing_and_the_page_draws_what_matches(run, tmp_path):
    asked = "photos/books/thing1-query.png"
    done = run("search_image.py", asked, "--images=photos", "--rerank=20:5:0.2", "-k=5", f"--out={tmp_path}", *NET)
    assert done.returncode == 0, done.stderr
    (found,) = ranking(done.stdout)
    assert found[0] == "thing1-reference.png" and len(found) == 5 and "thing1-query.png" not in found
    assert done.stdout.splitlines()[-1] == f"page: {tmp_path / 'index.html'}"
    text = (tmp_path / "index.html").read_text()
    said = "score: cosine, of the first 20 + 0.2 ln(1 + inliers above 5)"
    assert said in done.stdout and said in text
    assert "What matches" in text and "20 pictures of photos" in text and "thing1-query.png" in text


def test_a_folder_is_embedded_once_and_changed_files_anew(run, tmp_path):
    photos = tmp_path / "mine"
    small_things.write(photos)
    (photos / "broken.jpg").write_text("no picture")
    (photos / "books" / "thing1-query.png").rename(photos / "books" / "thing1\nquery.png")
    flags = ["photos/doors/thing4-query.png", f"--images={photos}", f"--kept={tmp_path / 'kept'}", *NET]
    first = run("search_image.py", *flags)
    assert first.returncode == 0 and "embedding 21 of 21 images" in first.stdout and "broken.jpg" in first.stdout
    assert "thing1\\nquery.png" in first.stdout
    again = run("search_image.py", *flags)
    assert "embedding" not in again.stdout and ranking(again.stdout) == ranking(first.stdout)
    small_things._save(photos / "books" / "thing0-query.png", small_things.flat(7))
    anew = run("search_image.py", *flags)
    assert "embedding 2 of 21 images" in anew.stdout, anew.stdout  # that one, and what could not be read
    assert len(list((tmp_path / "kept").glob("*.h5"))) == 1 and not list((tmp_path / "kept").glob("*.pieces"))


def test_several_ask_one_by_one_by_any_method(run, tmp_path):
    pictures = [f"photos/signs/thing{number}-query.png" for number in (6, 7)]
    flags = ["--images=photos", "-k", "3", f"--out={tmp_path}", "--multiscale=[1, 1/2]", *NET]
    done = run("search_image.py", *pictures, *flags, "--expand=aqe=1")
    assert done.returncode == 0, done.stderr
    assert [len(found) for found in ranking(done.stdout)] == [3, 3]
    assert "scales 1, 0.5" in (tmp_path / "index.html").read_text()


def test_a_crop_asks_for_what_is_in_it(run, tmp_path):
    whole = "photos/books/thing2-reference.png"
    flags = [whole, "--images=photos", "-k=1", f"--out={tmp_path}", "--rerank=20", *NET]
    done = run("search_image.py", *flags, "--crop=20,20,110,110")
    assert done.returncode == 0 and ranking(done.stdout) == [["thing2-query.png"]]
    done = run("search_image.py", *flags, "--crop=500,20,10,10")
    assert done.returncode == 2 and "holds none" in done.stderr and len(done.stderr.splitlines()) == 1
    assert "--crop=500,20,10,10 cannot ask: give another" in done.stderr and "remove" not in done.stderr


@pytest.mark.parametrize("images", ["list.txt", "photos/**/*.png", "photos.zip"])
def test_lists_patterns_and_archives_are_searched(run, tmp_path, images):
    import zipfile

    paths = sorted(Path("photos").rglob("*.png"))
    Path("list.txt").write_text("".join(f"{path}\n" for path in paths))
    with zipfile.ZipFile("photos.zip", "w") as packed:
        for path in paths:
            packed.write(path)
    done = run("search_image.py", str(paths[0]), f"--images={images}", "-k=99", f"--out={tmp_path}", *NET)
    assert done.returncode == 0, done.stderr
    assert len(ranking(done.stdout)[0]) == (20 if images.endswith("zip") else 19)


@pytest.mark.parametrize("index", ["hnswlib", "flat"])
def test_an_index_finds_the_same(run, tmp_path, index):
    flags = ["photos/books/thing0-query.png", "--images=photos", "-k=4", f"--out={tmp_path}", *NET]
    exact = ranking(run("search_image.py", *flags).stdout)
    done = run("search_image.py", *flags, f"--index={index}")
    assert done.returncode == 0 and ranking(done.stdout) == exact, done.stderr


def test_a_vectors_file_of_the_same_network_is_searched(run, tmp_path):
    vectors, flags = tmp_path / "all.h5", [f"--out={tmp_path}", "--model=net.onnx"]
    done = run("extract.py", "--data-path=photos", "--image-size=64", f"--out={vectors}", "--model=net.onnx")
    assert done.returncode == 0, done.stderr
    asked = ["photos/books/thing0-query.png", f"--vectors={vectors}", "--image-size=64", "-k=3", *flags]
    found = run("search_image.py", *asked)
    assert found.returncode == 0 and len(ranking(found.stdout)[0]) == 3, found.stderr
    other = run("search_image.py", *asked, "--multiscale=[1, 1/2]")
    assert other.returncode == 2 and "another network" in other.stderr and "such as --pool=avg" in other.stderr


def test_a_whitening_goes_over_both_sides_as_in_a_vectors_file(run, tmp_path):
    """The mean colour alone is left of the encoder's three numbers, of which the whitening takes the first."""
    Whitening(np.zeros(3), np.eye(3)[:1], "elsewhere").save(tmp_path / "w.npz")
    flags = [f"--whitening={tmp_path / 'w.npz'}", "--model=net.onnx", "--image-size=64", f"--out={tmp_path}"]
    done = run("search_image.py", "photos/books/thing0-query.png", "--images=photos", "-k=19", *flags)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"-?\d\.\d{4}(?=  )", done.stdout)) <= {"1.0000", "-1.0000"}
    assert "whitened by" in (tmp_path / "index.html").read_text()
    vectors = tmp_path / "all.h5"
    done = run("extract.py", "--data-path=photos", *flags[:3], f"--out={vectors}")
    assert done.returncode == 0, done.stderr
    done = run("search_image.py", "photos/books/thing0-query.png", f"--vectors={vectors}", *flags)
    assert done.returncode == 0, done.stderr
    done = run("search_image.py", "photos/books/thing0-query.png", f"--vectors={vectors}", *flags[1:])
    assert done.returncode == 2 and "all.h5" in done.stderr


def test_a_picture_that_stands_in_a_vectors_file_several_times_is_verified_each_time(run, tmp_path):
    made = run("extract.py", "--data-path=photos/books", f"--out={tmp_path / 'once.h5'}", *NET)
    assert made.returncode == 0, made.stderr
    once = vectors_file.load(tmp_path / "once.h5")
    rows = [0, *range(len(once.gallery))]
    paths = tuple(once.gallery_paths[row] for row in rows)
    twice = VectorSet(once.name, once.metric, once.gallery[rows], once.gallery[:1], gallery_paths=paths)
    writing.save(tmp_path / "twice.h5", twice)
    asked = ["photos/books/thing2-query.png", f"--vectors={tmp_path / 'twice.h5'}", "--rerank=7", f"--kept={tmp_path}"]
    found = run("search_image.py", *asked, f"--out={tmp_path}", *NET)
    assert found.returncode == 0, found.stderr
    (names,) = ranking(found.stdout)
    assert names[0] == "thing2-reference.png" and names.count(Path(paths[0]).name) == 2


def test_a_large_gallery_goes_through_an_index(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    script = runpy.run_path(str(SCRIPT))
    for limit, said in ((20, "all compared"), (19, "by hnswlib")):
        monkeypatch.setitem(script["main"].__globals__, "EXACT", limit)
        how = {"images": "photos", "model": "net.onnx", "image_size": "160", "out": tmp_path}
        script["main"](script["SearchImageOptions"](pictures=("photos/books/thing0-query.png",), **how))
        assert said in (tmp_path / "index.html").read_text()


def test_every_mistake_is_one_line(run, tmp_path):
    asked, images = "photos/books/thing0-query.png", "--images=photos"
    Path("text.jpg").write_text("no picture")
    encoders.clip(Path("clip.onnx"))
    for flags, word in (
        ([images, *NET], "nothing to search with"),
        ([asked, *NET], "--images and --vectors"),
        ([asked, images, "--vectors=b.h5", *NET], "give one"),
        ([asked, images], "no network is named"),
        ([asked, images, "--model=net.onnx", "--network-path=x.pth"], "each names a network"),
        ([asked, images, "--model=resnet50_v1b"], "needs its weights"),
        ([asked, images, "--engine=mxnet", *NET], "--engine=mxnet: --model=net.onnx is an ONNX file"),
        ([asked, images, "--checkpoint=last", *NET], "--checkpoint=last: is one of a run folder's"),
        ([asked, images, "--network-path=x.pth", "--pool=mac"], "--pool=mac: --network-path has its own"),
        ([asked, images, "-k", "0", *NET], "-k 0"),
        ([asked, images, "--rerank=-1", *NET], "--rerank=-1"),
        ([asked, images, "--rerank=10:x", *NET], "--rerank=10:x: give how many"),
        ([asked, images, "--crop=1,2,3", *NET], "--crop=1,2,3"),
        ([asked, images, "--expand=nonsense", *NET], "--expand=nonsense"),
        ([asked, images, "--whitening=sfm120k", *NET], "--whitening=sfm120k: nothing is kept"),
        ([asked, images, "--whitening=none.npz", *NET], "none.npz cannot be read"),
        ([asked, images, "--index=hnswlib", "--expand=aqe=2", *NET], "leave one out"),
        ([asked, images, "--index=hnsw", *NET], "did you mean hnswlib"),
        ([asked, images, "--multiscale=__import__('os')", *NET], "--multiscale=__import__('os')"),
        ([asked, images, "--model=clip.onnx", "--multiscale=[1, 1/2]"], "--multiscale: clip takes pictures of 32 x 32"),
        ([asked, images, "--model=clip.onnx", "--mean=0.5"], "give --mean and --std, or neither"),
        ([asked, images, "--network-path=x.pth", "--mean=0.5"], "is for an encoder of others"),
        ([asked, images, "--model=clip.onnx", "--resize=own"], "--resize=own: clip.onnx takes pictures of 32 x 32"),
        ([asked, "--images=nowhere", *NET], "nowhere"),
        ([asked, "--vectors=nowhere.h5", *NET], "nowhere.h5"),
        (["nowhere.jpg", images, *NET], "nowhere.jpg"),
        (["text.jpg", images, *NET], "text.jpg"),
        ([asked, "other.jpg", images, "--crop=1,2,3,4", *NET], "ask with each by itself"),
    ):
        done = run("search_image.py", *flags, f"--out={tmp_path}")
        assert done.returncode == 2, (flags, done.stdout, done.stderr)
        assert word in done.stderr and len(done.stderr.strip().splitlines()) == 1, (flags, done.stderr)
