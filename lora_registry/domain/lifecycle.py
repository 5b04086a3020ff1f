"""An object's life as its owner decides it, apart from what its radio does."""

from __future__ import annotations

from enum import StrEnum


class Lifecycle(StrEnum):
    """Where an object stands; None in the registry means nobody has said yet ("to complete")."""

    PLANNED = "planned"
    PROVISIONED = "provisioned"
    IN_SERVICE = "in_service"
    SUSPENDED = "suspended"
    TO_REMOVE = "to_remove"
    REMOVED = "removed"
    REUSED = "reused"
    RECYCLED = "recycled"
