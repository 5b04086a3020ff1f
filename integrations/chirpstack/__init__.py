"""ChirpStack's topics, events and API, versions 4 and 3, translated into the program's own vocabulary."""

from integrations.chirpstack.events import decode

__all__ = ["decode"]
