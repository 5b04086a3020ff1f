"""Floor 6: a synthetic city as a capture, with its registry and its truth; nothing is read or asked."""

from lora_registry.simulate.city import City, Slowed, simulate

__all__ = ["City", "Slowed", "simulate"]
