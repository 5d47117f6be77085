"""The weights of a model, as groups of matrices of one size."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What a matrix is to a trainer.

    Linear layers can be quantised and take adapters. The others cannot: bitsandbytes
    replaces `nn.Linear` alone and leaves the head as it is, and the experts of
    transformers 5 are one tensor a layer, no linear layers.
    """

    linear = "linear"
    experts = "experts"
    embedding = "embedding"
    head = "head"
    other = "other"


@dataclass(frozen=True)
class Matrix:
    """Matrices of one size.

    Args:
        name: of the module, without its path, such as q_proj.
        inputs, outputs: the sizes of one; a vector has 1 input.
        number: how many there are in the model.
        used: share of them that one token passes through, 0 to 1.
    """

    name: str
    inputs: int
    outputs: int
    number: int = 1
    kind: Kind = Kind.linear
    used: float = 1.0

    @property
    def weights(self) -> int:
        """Their weights together."""
        return self.inputs * self.outputs * self.number


@dataclass(frozen=True)
class Shape:
    """The sizes of a model that its memory follows from.

    Args:
        family: its `model_type`.
        queries: width of a layer's queries: heads times their size; the widest.
        keys: width of a layer's keys.
        heads: number of query heads.
        inner: width between the projections of a feed-forward layer, as one token
            passes through it: of experts, all that it is sent to together.
        routes: copies of a token that experts are sent; 0 without experts.
        normed: whether queries and keys are normalised, which copies them.
        context: longest sequence, in tokens; 0 where the config does not say.
        tied: whether head and embedding are one matrix.
        unknown: what was not understood of the config, a sentence each.
    """

    family: str
    hidden: int
    layers: int
    queries: int
    keys: int
    heads: int
    inner: int
    vocabulary: int
    matrices: tuple[Matrix, ...]
    routes: int = 0
    normed: bool = False
    context: int = 0
    tied: bool = False
    unknown: tuple[str, ...] = field(default=())

    def weights(self, *kinds: Kind) -> int:
        """Return how many weights there are, of these kinds or of all."""
        return sum(one.weights for one in self.matrices if not kinds or one.kind in kinds)

    @property
    def active(self) -> int:
        """Weights that one token is multiplied with: no embedding, and the experts it is sent to.

        A head that is the embedding counts: it is multiplied with.
        """
        passed = (one for one in self.matrices if one.kind is not Kind.embedding)
        head = self.hidden * self.vocabulary if self.tied else 0
        return round(sum(one.weights * one.used for one in passed)) + head

    def adapter(self, rank: int, targets: Collection[str]) -> int:
        """Return the weights of an adapter: rank * (inputs + outputs) for each layer it is on.

        Hu et al. 2021, arXiv 2106.09685, section 4.1: two matrices a layer.
        """
        return sum(rank * (one.inputs + one.outputs) * one.number for one in self.targeted(targets))

    def targeted(self, targets: Collection[str]) -> Iterable[Matrix]:
        """Return the linear layers that an adapter is put on."""
        return (one for one in self.matrices if one.kind is Kind.linear and one.name in targets)
