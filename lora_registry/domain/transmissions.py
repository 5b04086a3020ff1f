"""Each frame may be sent several times: how often one transmission is heard, beside how often one frame is."""

from __future__ import annotations

from math import exp
from typing import NamedTuple

_BISECTIONS = 60


class Transmissions(NamedTuple):
    """Transmissions of a frame, and the share of them heard; bursts make the share an upper bound."""

    per_frame: float
    heard: float


def of_frames(ratio: float, per_frame: float) -> float:
    """Return the share of transmissions heard when each frame is sent `per_frame` times: 1 - (1 - ratio)^(1/m).

    Raises:
        ValueError: `ratio` is no share, or `per_frame` is below 1.

    """
    if not 0.0 <= ratio <= 1.0 or per_frame < 1.0:
        raise ValueError(f"ratio {ratio} must be a share of 0 to 1 and per_frame {per_frame} at least 1")
    lost: float = (1.0 - ratio) ** (1.0 / per_frame)
    return 1.0 - lost


def of_copies(ratio: float, copies: float) -> Transmissions:
    """Return both from what was received: the share of frames heard, and the mean copies of a frame heard.

    m transmissions of which a share q is heard give m q = ratio * copies and (1 - q)^m = 1 - ratio. A frame that
    was never heard twice was sent once, as far as anyone can tell. Where frames are lost whole and heard in all
    copies, no m fits: each then was sent as often as it is heard, and its copies share its fate.

    ratio   copies   transmissions   heard of each
    0.9     1        1               0.9
    0.999   2.7      3               0.9
    0.75    1.333    2               0.5
    0.5     3        3               0.5

    Raises:
        ValueError: `ratio` is no share, or `copies` is below 1.

    """
    if not 0.0 <= ratio <= 1.0 or copies < 1.0:
        raise ValueError(f"ratio {ratio} must be a share of 0 to 1 and copies {copies} at least 1")
    if ratio in (0.0, 1.0) or copies == 1.0:
        return Transmissions(max(copies, 1.0), ratio)
    received = ratio * copies
    if exp(-received) < 1.0 - ratio:
        return Transmissions(copies, ratio)
    low, high = 0.0, ratio
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        # The more of each is heard, the fewer frames are lost in all their copies.
        if (1.0 - middle) ** (received / middle) > 1.0 - ratio:
            low = middle
        else:
            high = middle
    heard = 0.5 * (low + high)
    return Transmissions(received / heard, heard)
