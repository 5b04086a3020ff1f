"""`simulate`: files that are the same again, whole or not there, and that the other commands read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.e2e.program import rows, run

_CITY = ("--devices", "60", "--days", "2", "--seed", "7", "--end", "2026-10-03T06:00:00Z")


def test_the_same_arguments_give_the_same_bytes_compressed_or_not(tmp_path: Path) -> None:
    plain, first, second = (tmp_path / name for name in ("a.ndjson", "b.ndjson.gz", "c.ndjson.gz"))
    told = run("simulate", *_CITY, "--out", str(plain))
    run("simulate", *_CITY, "--out", str(first))
    run("simulate", *_CITY, "--out", str(second))
    lines = plain.read_bytes()
    written = lines.count(b"\n")
    assert f"wrote {written} messages of 60 devices over 2 days" in told.stderr
    assert told.stdout == ""
    assert gzip.decompress(first.read_bytes()) == lines
    assert second.read_bytes() == first.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.ndjson", "b.ndjson.gz", "c.ndjson.gz"}


def test_the_registry_ends_up_with_what_the_truth_says(tmp_path: Path) -> None:
    capture, registry, truth = (str(tmp_path / name) for name in ("c.ndjson.gz", "registry.json", "truth.json"))
    run("simulate", *_CITY, "--out", capture, "--registry", registry, "--truth", truth)
    database = f"sqlite:///{tmp_path}/r.sqlite"
    run("backfill", capture, database_url=database)
    run("registry", "import", registry, database_url=database)
    told = json.loads(Path(truth).read_text(encoding="utf-8"))["devices"]
    listed = rows("devices", "list", database_url=database)
    assert sum(row["uplinks_total"] for row in listed) == sum(device["heard"] for device in told)
    assert sum(row["uplinks_total"] > 0 for row in listed) == sum(device["heard"] > 0 for device in told)
    registered = {device["dev_eui"] for device in told if device["registered"]}
    assert {row["dev_eui"] for row in listed if row["service"] is not None} == registered


@pytest.mark.parametrize("name", ["out.ndjson", "registry.json"])
def test_a_file_that_is_there_is_kept_unless_forced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    arguments = (
        "simulate", *_CITY, "--out", str(tmp_path / "out.ndjson"), "--registry", str(tmp_path / "registry.json")
    )  # fmt: skip
    refused = run(*arguments, check=False)
    assert refused.returncode == 1
    assert f"{tmp_path / name} exists: name another file, or overwrite it with --force" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"
    run(*arguments, "--force")
    assert (tmp_path / name).read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--devices", "5", "--days", "2", "--seed", "1", "--out", "x"), 2, "5 devices: ask for at least 13"),
        (("--devices", "60", "--days", "0", "--seed", "1", "--out", "x"), 2, "0.0 days: ask for at least an hour"),
        (("--devices", "60", "--days", "2", "--seed", "-1", "--out", "x"), 2, "--seed"),
        ((*_CITY[:6], "--end", "2026-10-03T06:00:00", "--out", "x"), 2, "write 2026-11-22T06:00:00Z"),
        ((*_CITY[:6], "--end", "soon", "--out", "x"), 2, "'soon' is no instant"),
        ((*_CITY, "--out", "x", "--registry", "./x"), 2, "name the same file"),
        ((*_CITY, "--out", "nowhere/x"), 1, "there is no folder nowhere"),
        ((*_CITY, "--out", "."), 2, "is a directory"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    refused = run("simulate", *arguments, check=False, cwd=tmp_path)
    # The terminal's box may break a line anywhere.
    said = " ".join(refused.stderr.replace("│", " ").split())
    assert (refused.returncode, words in said) == (code, True), refused.stderr
    assert list(tmp_path.iterdir()) == []
