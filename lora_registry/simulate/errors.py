"""What `simulate` refuses."""

from __future__ import annotations

from lora_registry.domain.errors import LoraRegistryError


class SimulationError(LoraRegistryError, ValueError):
    """An argument of the simulation cannot be used; the message names it and what to ask for."""
