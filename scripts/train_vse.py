"""Train images and captions into one space (VSE++, Faghri et al. 2018).

python scripts/train_vse.py                                                    built-in scenes, on the CPU
python scripts/train_vse.py --data=flickr8k --data-path=flickr8k --model=mobilenet_v2 --use-pretrained=mobilenet.pth
python scripts/train_vse.py --data_name=f30k --max_violation --cnn_type=resnet152 --use_pretrained --gpus=0
"""

from dataclasses import dataclass

import command

from vse import recipes
from vse.options import VseOptions
from vse.train import train


@dataclass(frozen=True, kw_only=True)
class TrainVseOptions(VseOptions):
    """Train images and captions into one space (VSE++, Faghri et al. 2018)."""


def main(options: TrainVseOptions) -> None:
    """Train and judge."""
    train(options)


if __name__ == "__main__":
    command.main(main, TrainVseOptions, defaults=recipes.with_recipe)
