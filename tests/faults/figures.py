"""Writes what a run of the fault table measured into docs/reliability.md, between its markers.

`python -m tests.faults.figures FOLDER SIZE`: FOLDER holds what FAULTS_FIGURES=FOLDER made the tests leave, SIZE
says whether that was the short or the full table.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
_BETWEEN = re.compile(r"(?<=<!-- figures: begin -->\n).*(?=<!-- figures: end -->)", re.DOTALL)


def table(figures: dict[str, str]) -> str:
    """Return the rows, sorted by fault."""
    lines = ["| fault | measured |", "|---|---|"]
    return "\n".join(lines + [f"| {fault} | {measured} |" for fault, measured in sorted(figures.items())]) + "\n"


def main(folder: Path, size: str) -> None:
    """Merge the figures of all processes and write them."""
    figures: dict[str, str] = {}
    for part in sorted(folder.glob("*.json")):
        figures |= json.loads(part.read_text(encoding="utf-8"))
    text = _PAGE.read_text(encoding="utf-8")
    measured = f"\nMeasured by `./dev faults {size}`:\n\n{table(figures)}\n"
    _PAGE.write_text(_BETWEEN.sub(lambda _: measured, text), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
