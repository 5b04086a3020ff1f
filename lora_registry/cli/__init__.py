"""The command line (design, section 7): data on stdout, words on stderr, one file a group of commands."""

from lora_registry.cli.main import main

__all__ = ["main"]
