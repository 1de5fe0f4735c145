"""Frequencies of rotary positions as transformers' configurations scale them.

Linear: kaiokendev; dynamic: bloc97 and emozilla; YaRN: Peng et al. (2023, arXiv 2309.00071);
LongRoPE: Ding et al. (2024, arXiv 2402.13753); llama3: Llama 3.1. Of each the library's own
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.bounded import F64

_THETA = 10000.0

Rope = Mapping[str, Any]
"""What a config.json says of rotary positions."""


@dataclass(frozen=True)
class Place:
    """Where positions are to be turned: what is not in the rope's own object."""

    theta: float
    shares: F64
    """2 k / head_dim of each pair k."""
    context: int
    length: int

    @property
    def head_dim(self) -> int:
        """Columns of a head."""
        return 2 * self.shares.size

    @property
    def plain(self) -> F64:
        """Frequencies that nothing scales."""
        return np.asarray(self.theta**-self.shares)


def turns_of(config: Mapping[str, Any], head_dim: int, length: int) -> tuple[F64, F64]:
    """Cosines and sines [length, head_dim / 2] of a text of `length` tokens, with what transformers
    multiplies them by.
    """
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    theta = float(rope.get("rope_theta") or config.get("rope_theta") or _THETA)
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind not in _KINDS:
        raise NotImplementedOpError(f"rotary positions of the kind {str(kind)[:40]!r}")
    shares = np.arange(0, head_dim, 2) / head_dim
    place = Place(theta, shares, int(config["max_position_embeddings"]), length)
    angles = np.arange(length)[:, None] * _KINDS[kind](rope, place)
    factor = _FACTORS[kind](rope, place) if kind in _FACTORS else 1.0
    return factor * np.cos(angles), factor * np.sin(angles)


def turns_as_read(
    config: Mapping[str, Any], head_dim: int, length: int, together: int
) -> tuple[F64, F64]:
    """The same of a text whose first tokens are read together and each later one by itself: a token
    turns as in a text that ends with what was read with it, and keeps that.
    """
    ends = [together, *range(together + 1, length + 1)]
    firsts = [0, *ends[:-1]]
    parts = [turns_of(config, head_dim, end) for end in ends]
    own = [[x[first:] for x in part] for first, part in zip(firsts, parts, strict=True)]
    cos, sin = zip(*own, strict=True)
    return np.concatenate(cos), np.concatenate(sin)


def _linear(rope: Rope, place: Place) -> F64:
    return np.asarray(place.plain / rope["factor"])


def _dynamic(rope: Rope, place: Place) -> F64:
    """Theta grows with a text that is longer than the context."""
    factor, over = rope["factor"], max(place.length / place.context, 1.0)
    power = place.head_dim / (place.head_dim - 2)
    theta = place.theta * (factor * over - (factor - 1)) ** power
    return np.asarray(theta**-place.shares)


def _llama3(rope: Rope, place: Place) -> F64:
    """Long waves are stretched, short ones stay, and between them the stretch grows evenly: the
    clamped share is the library's three cases in one.
    """
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    turns = _original(rope, place) * place.plain / (2 * math.pi)
    kept = np.clip((turns - low) / (high - low), 0, 1)
    return np.asarray(place.plain * (kept + (1 - kept) / rope["factor"]))


def _yarn(rope: Rope, place: Place) -> F64:
    """Pairs that turn often in the original context stay, those that turn seldom are stretched."""
    original = _original(rope, place)

    def pair_of(turns: float) -> float:
        ratio = math.log(original / (turns * 2 * math.pi)) / math.log(place.theta)
        return place.head_dim / 2 * ratio

    low, high = pair_of(rope.get("beta_fast") or 32), pair_of(rope.get("beta_slow") or 1)
    if rope.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, place.head_dim - 1)
    # The library keeps the ramp from being a step.
    ramp = np.clip((np.arange(place.shares.size) - low) / ((high - low) or 0.001), 0, 1)
    return np.asarray(place.plain * (1 - ramp + ramp / _yarn_stretch(rope, place)))


def _yarn_stretch(rope: Rope, place: Place) -> float:
    factor = rope["factor"]
    return float(place.context / _original(rope, place) if factor is None else factor)


def _yarn_factor(rope: Rope, place: Place) -> float:
    given = rope.get("attention_factor")
    if given is not None:
        return float(given)
    factor = _yarn_stretch(rope, place)

    def scale(mscale: float) -> float:
        return 0.1 * mscale * math.log(factor) + 1.0 if factor > 1 else 1.0

    one, all_dims = rope.get("mscale"), rope.get("mscale_all_dim")
    return scale(one) / scale(all_dims) if one and all_dims else scale(1.0)


def _longrope(rope: Rope, place: Place) -> F64:
    """Each pair has a divisor for texts within the original context, and one for longer ones."""
    is_long = place.length > _original(rope, place)
    divisors = rope["long_factor" if is_long else "short_factor"]
    return np.asarray(place.plain / np.asarray(divisors, dtype=np.float64))


def _longrope_factor(rope: Rope, place: Place) -> float:
    given = rope.get("attention_factor")
    if given is not None:
        return float(given)
    original = _original(rope, place)
    factor = rope.get("factor") or place.context / original
    return math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0


def _original(rope: Rope, place: Place) -> int:
    return int(rope.get("original_max_position_embeddings") or place.context)


_KINDS: Mapping[str, Callable[[Rope, Place], F64]] = {
    "default": lambda _, place: place.plain,
    "linear": _linear,
    "dynamic": _dynamic,
    "llama3": _llama3,
    "yarn": _yarn,
    "longrope": _longrope,
}

_FACTORS: Mapping[str, Callable[[Rope, Place], float]] = {
    "yarn": _yarn_factor,
    "longrope": _longrope_factor,
}
"""What cosines and sines are multiplied by, where that is not 1."""
