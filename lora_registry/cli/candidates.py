"""Files of candidate sites, as several commands take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from lora_registry.cli.text_file import name_of, text_lines
from lora_registry.domain.errors import ImportFileError
from lora_registry.store.engine import reading

if TYPE_CHECKING:
    from lora_registry.coverage.candidates_file import Candidate


def read_places(engine: Engine, file: Path) -> list[Candidate]:
    """Return the candidates of a file; those far from what was built last are refused.

    Raises:
        ImportFileError: with every fault and its line.

    """
    from lora_registry.coverage.candidates_file import read_candidates  # noqa: PLC0415 - geography
    from lora_registry.pipeline.coverage_siting import territory_box  # noqa: PLC0415 - scipy

    with reading(engine) as connection:
        box = territory_box(connection)
    try:
        with text_lines(file) as lines:
            return read_candidates("".join(lines), box)
    except ImportFileError as error:
        faults = str(error).replace(":\n", ": ").replace("\n", "; ").removeprefix(": ")
        raise ImportFileError(f"{name_of(file)}: {faults}") from error
