"""`simulate`: a synthetic city as files."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from lora_registry.cli.app import app, now, say
from lora_registry.cli.instants import instant
from lora_registry.cli.progress import progress
from lora_registry.domain.errors import LoraRegistryError

_TOLD_EVERY = 1000
_GZIP_LEVEL = 3  # twice as fast as the usual 6, for a quarter more bytes


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...


@app.command()
def simulate(
    *,
    devices: Annotated[int, typer.Option(min=1, help="Objects in the city.")],
    days: Annotated[float, typer.Option(help="Days of history.")],
    seed: Annotated[int, typer.Option(min=0, help="Which city: the same arguments give the same bytes.")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="The capture; compressed when it ends in .gz.")
    ],
    registry: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="What the owners know, as JSON.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="What really happened, as JSON.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="TIME", help="End of the history, ISO 8601 with Z; now by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Write a synthetic city as a capture, with its registry and its ground truth."""
    # Here, not above: no other command needs numpy.
    from lora_registry.simulate import simulate as decide  # noqa: PLC0415
    from lora_registry.simulate.errors import SimulationError  # noqa: PLC0415

    wanted = [path for path in (out, registry, truth) if path is not None]
    _require_writable(wanted, force=force)
    try:
        city = decide(devices, days, seed, now() if end is None else instant("--end", end))
    except SimulationError as error:
        raise typer.BadParameter(str(error)) from error
    lines = 0
    with ExitStack() as files, progress("simulate", city.expected_uplinks) as shown:
        capture = files.enter_context(_written(out))
        for lines, line in enumerate(city.lines(), start=1):
            capture.write(line)
            if lines % _TOLD_EVERY == 0:
                shown(lines)
        for path, content in ((registry, city.registry), (truth, city.truth)):
            if path is not None:
                _write_json(files.enter_context(_written(path)), content())
    say(f"wrote {lines} messages of {devices} devices over {days:g} days to {out}")


def _require_writable(paths: list[Path], *, force: bool) -> None:
    """Refuse before any work is done.

    Raises:
        LoraRegistryError: a file exists, or its folder does not.
        typer.BadParameter: two outputs are one file.

    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise typer.BadParameter("--out, --registry and --truth name the same file: give each its own")
    for path in paths:
        if path.exists() and not force:
            raise LoraRegistryError(f"{path} exists: name another file, or overwrite it with --force")
        if not path.parent.is_dir():
            raise LoraRegistryError(f"{path}: there is no folder {path.parent}, make it first")


@contextmanager
def _written(path: Path) -> Iterator[_Writable]:
    """Open a file that takes its name once it is whole; what is interrupted leaves none.

    Raises:
        LoraRegistryError: it cannot be written.

    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as raw:
            if path.suffix == ".gz":
                # Neither name nor time of writing inside: the same city is the same bytes.
                with gzip.GzipFile("", "wb", compresslevel=_GZIP_LEVEL, fileobj=raw, mtime=0) as compressed:
                    yield compressed
            else:
                yield raw
        partial.replace(path)
    except OSError as error:
        raise LoraRegistryError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _write_json(file: _Writable, content: Mapping[str, object]) -> None:
    file.write(json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
