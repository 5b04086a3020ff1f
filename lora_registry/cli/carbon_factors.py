"""The carbon factors that the settings name."""

from __future__ import annotations

from pathlib import Path

from lora_registry.domain.errors import ImportFileError
from lora_registry.settings import Settings
from lora_registry.usefulness.carbon import DEFAULTS, Factor


def factors(settings: Settings) -> tuple[Factor, ...]:
    """Return a city's own factors, else the estimates.

    Raises:
        ImportFileError: the file cannot be read, or has faults.

    """
    if not settings.carbon_file:
        return DEFAULTS
    from lora_registry.cli.text_file import text_lines  # noqa: PLC0415 - for those alone who have a file
    from lora_registry.usefulness.factor_file import read_factors  # noqa: PLC0415

    try:
        with text_lines(Path(settings.carbon_file)) as lines:
            return read_factors(lines)
    except ImportFileError as error:
        raise ImportFileError(f"LORA_REGISTRY_CARBON_FILE {settings.carbon_file}: {error}") from error
