"""The words of decisions and goals: light, so that the tables can name them."""

from __future__ import annotations

from enum import StrEnum


class Gesture(StrEnum):
    """What can be decided of an object or a service, the furthest-reaching first."""

    RETIRE = "retire"
    REPAIR = "repair"
    MOVE = "move"
    REDUCE_CADENCE = "reduce_cadence"
    KEEP = "keep"


class Equipment(StrEnum):
    """What really became of it."""

    UNKNOWN = "unknown"
    STAYS = "stays"
    STORED = "stored"
    """Nothing is avoided by a drawer."""
    REUSED = "reused"
    NOT_BOUGHT = "not_bought"
    """Another one was really not bought."""

    @property
    def avoids(self) -> bool:
        """True when making another one was really avoided."""
        return self in (Equipment.REUSED, Equipment.NOT_BOUGHT)


class Indicator(StrEnum):
    """What a goal can be about; all of them are figures of a run."""

    SERVE_OF_100 = "serve_of_100"
    DO_NOT_OF_100 = "do_not_of_100"
    UNKNOWN_OF_100 = "unknown_of_100"
    JUDGEABLE_OF_100 = "judgeable_of_100"
    AIRTIME_S_PER_OBJECT_DAY = "airtime_s_per_object_day"
