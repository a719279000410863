"""What the commands of sketches and photographs can be told of codes, beside what they can be of vectors."""

from dataclasses import dataclass

from datasets.errors import InputError
from embedding.sketches.options import SketchOptions
from hashing import codes
from hashing.cross import losses

OWN_OF_CODES = ("semantic", "quantization", "balance", "beta", "gamma")  # settings of a loss itself


@dataclass(frozen=True, kw_only=True)
class SketchHashOptions(SketchOptions):
    """Options of codes of sketches and photographs."""

    method: str = "deep_sketch"  # type: ignore[misc]
    """What trains codes: deep_sketch (Deep Sketch Hashing), dcmh or another loss across two kinds."""
    bits: int = 64
    """Bits of a code, a multiple of 8."""
    hidden: int = 0
    """Units of a layer with ReLU before the hash layer; 0 for none."""
    semantic: float | None = None
    """Weight of the semantic factorisation of deep_sketch."""
    quantization: float | None = None
    """Weight of the quantization term of a loss that has one."""
    balance: float | None = None
    """Weight of the balance of bits of dcmh."""
    beta: float | None = None
    """How fast the probability of cmhh falls with the distance; 2 / bits if not given."""
    gamma: float | None = None
    """Focal exponent of cmhh."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range or a choice is none of those there are."""
        super().check()
        codes.check_bits(self.bits)
        losses.get(self.method)
        if self.embed_dim != SketchOptions.embed_dim:
            raise InputError(f"--embed-dim={self.embed_dim}: give the length of codes as --bits")
