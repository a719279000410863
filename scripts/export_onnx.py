"""Write a trained network, or a pretrained trunk, as an ONNX file that any machine runs without MXNet.

python scripts/export_onnx.py --run=runs/cub                                  runs/cub/best/net.onnx
python scripts/export_onnx.py --run=runs/cub --checkpoint=last --out=cub.onnx
python scripts/export_onnx.py --model=resnet50_v1b --use-pretrained=r50.pth --out=r50.onnx

It takes uint8 RGB images (N, height, width, 3), any number of any size that the trunk can take, and gives their vectors
(N, D); of a hashing network numbers whose signs are the bits of the code. Its metadata tell what one must know of it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import command
import engines

from datasets.errors import InputError
from datasets.files.whole import beside
from embedding.batches.decode import show_size
from embedding.engine.onnx import facts_in
from vse.serving import opened as towers


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Write a trained network, or a pretrained trunk, as an ONNX file that any machine runs without MXNet."""

    run: Path | None = None
    """Run folder whose network is written; without it, the trunk named by --model and --use-pretrained."""
    checkpoint: str = "best"
    """Which network of the run: best or last."""
    model: str = ""
    """Trunk whose pooled features are the vectors, without --run."""
    use_pretrained: str = ""
    """Weights for that trunk: a .safetensors or .pth file of torchvision or timm; efficientnet_lite0, 1 or 2 by pip."""
    pool: str = "avg"
    """Pooling of that trunk's feature map: avg, max, gem, gem-channels, crow, rmac, netvlad or quarters."""
    image_size: str = ""
    """Size in pixels that the file recommends for that trunk, 224 or 256x128; 224 if not given."""
    out: Path | None = None
    """The file to write; net.onnx beside the weights of a run, and in data/onnx for a trunk, if not given."""


def main(options: ExportOptions) -> None:
    """Write the file and print where it is and what it holds."""
    if options.out is not None and options.out.suffix != ".onnx":
        raise InputError(f"--out={options.out}: the name of an ONNX file ends with .onnx")
    if options.run is None:
        _tell(_copied(_of_trunk(options), options.out))
        return
    command.none_of(options, ("model", "use_pretrained", "pool", "image_size"), "--run names the network")
    run = command.there("--run", options.run)
    _tell(_copied(engines.file_of_run(run, options.checkpoint), options.out))
    if towers.knows_sentences(run):
        out = options.out and options.out.with_stem(f"{options.out.stem}-captions")
        captions = _copied(towers.file_of_captions(run, options.checkpoint), out)
        print(f"captions to the same space, {_mebibytes(captions)}: {captions}")


def _copied(path: Path, out: Path | None) -> Path:
    """``path``, or where ``out`` is another place, its copy there, whole or not at all."""
    if out is None:
        return path
    out.parent.mkdir(parents=True, exist_ok=True)
    with beside(out) as part:
        shutil.copyfile(path, part)
    return out


def _tell(path: Path) -> None:
    facts = facts_in(path)
    gives = f"{facts.dim} bits" if facts.codes else f"{facts.dim} numbers"
    takes = f"images of {show_size(facts.size)} pixels"
    print(f"{facts.model}, {takes} to {gives}, {_mebibytes(path)}: {path}")


def _mebibytes(path: Path) -> str:
    return f"{path.stat().st_size / 2**20:.1f} MiB"


def _of_trunk(options: ExportOptions) -> Path:
    if not options.use_pretrained:
        raise InputError("nothing to write: give --run=FOLDER, or --model=NAME with --use-pretrained=FILE")
    how = {"use_pretrained": options.use_pretrained, "pool": options.pool, "image_size": options.image_size}
    return engines.file_of_trunk(engines.trunk(model=options.model, **how))


if __name__ == "__main__":
    command.main(main, ExportOptions)
