"""`coverage evaluate`: real receptions, bad rows, and files that are none."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from lora_registry.cli.main import main
from tests.e2e.program import environment

HEADER = "point_id,lat,lon,gateway_id,gateway_lat,gateway_lon,heard,rssi_dbm\n"
TOWN = HEADER + "".join(
    f"p{i},{49.20 + i % 5 * 0.01:.3f},{16.60 + i // 5 * 0.015:.3f},g,49.2213,16.6312,{int(i % 3 > 0)},{-105 - i}\n"
    for i in range(25)
)
KEYS = ["n_pairs", "rmse_db", "bias_db", "interval90", "auc", "brier", "ece", "baseline"]

Told = Callable[..., tuple[object, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return the exit code, data and words of the command, run in this process."""

    def evaluate(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["coverage", "evaluate", *arguments])
        return (ended.value.code, *capsys.readouterr())

    return evaluate


def rows(path: Path) -> Iterable[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def part_of_brno(data: Path) -> str:
    """Return a third of the measured points with the eight gateways heard most; levels of single frames."""
    level = {
        (one["point_id"], one["gateway_id"]): (one["rssi"], one["snr"])
        for one in rows(data / "brno" / "lorawan_brno.csv.gz")
    }
    text = io.StringIO(HEADER.replace("\n", ",snr_db\n"))
    text.seek(0, io.SEEK_END)
    for one in rows(data / "brno" / "brno_reception_matrix.csv.gz"):
        if int(one["point_id"]) % 3 == 0 and one["gateway_id"] <= "BR08":
            rssi, snr = level.get((one["point_id"], one["gateway_id"]), ("", ""))
            place = ",".join(one[name] for name in ("point_id", "lat", "lon", "gateway_id"))
            text.write(f"{place},{one['gateway_lat']},{one['gateway_lon']},{one['rx']},{rssi},{snr}\n")
    return text.getvalue()


def test_measured_receptions_of_a_real_city_are_predicted_better_than_by_lines(
    real_data: Path, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "brno.csv"
    path.write_text(part_of_brno(real_data), encoding="utf-8")
    code, out, words = told(str(path), "--block-km", "2", "--format", "json")
    assert code == 0
    scored = json.loads(out)
    assert list(scored) == KEYS
    assert list(scored["baseline"]) == ["rmse_db", "auc", "brier"]
    assert "farther apart than 15 km: not looked at" in words
    assert 600 < scored["n_pairs"] < 776
    assert scored["rmse_db"] < scored["baseline"]["rmse_db"]
    assert scored["auc"] > scored["baseline"]["auc"]
    assert scored["brier"] < scored["baseline"]["brier"]
    assert 0.84 < scored["interval90"] < 0.95


def test_real_rows_without_a_position_are_counted_and_told(real_data: Path, tmp_path: Path, told: Told) -> None:
    """A receiver without a fix writes 0, 0; some of Ulm's gateways have no position."""
    path = tmp_path / "ulm.csv"
    lines = [
        f"{one['seq']},{one['lat']},{one['lon']},{one['gateway_id']},{one['gateway_lat']},{one['gateway_lon']},1,"
        f"{one['rssi']}\n"
        for one in list(rows(real_data / "ulm" / "ulm_2017.csv.gz"))[:700]
    ]
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    without_fix = sum(line.split(",")[1:3] == ["0.0", "0.0"] for line in lines)
    without_mast = sum(line.split(",")[4] == "" for line in lines)
    assert without_fix + without_mast > 0
    code, out, words = told(str(path), "--block-km", "1", "--format", "json")
    assert code == 0
    scored = json.loads(out)
    assert scored["auc"] is None, "every row of that file was heard"
    rejected = int(words.split(" rows rejected")[0].rsplit("\n", 1)[-1])
    assert rejected == len(lines) - scored["n_pairs"] >= without_fix + without_mast
    assert "no position" in words


def test_bad_rows_are_told_by_line_and_the_rest_is_scored(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "town.csv"
    bad = (
        "q,0,0,g,49.2213,16.6312,1,-100\n"
        "p1,49.210,16.600,g,49.2213,16.6312,1,-106\n"
        "s,16.6,49.2,g,49.2213,16.6312,0,\n"
    )
    path.write_text(TOWN + bad)
    code, out, words = told(str(path), "--block-km", "1", "--format", "json")
    assert code == 0
    assert json.loads(out)["n_pairs"] == 25
    first, second, third, summary, *_ = words.splitlines()
    assert first == "line 27: no position: lat and lon are 0 (a receiver without a fix)"
    assert second.startswith("line 28: duplicate: point 'p1' and gateway 'g' are in line 3 already")
    assert third == "line 29: point at lat 16.6, lon 49.2: latitude and longitude are swapped"
    assert summary == "3 rows rejected"


def test_many_bad_rows_are_summed_up(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "town.csv"
    path.write_text(TOWN + "".join(f"q{i},0,0,g,49.2213,16.6312,1,-100\n" for i in range(50)))
    _, _, words = told(str(path), "--block-km", "1")
    lines = words.splitlines()
    assert lines[19].startswith("line 46: ")
    assert lines[20:22] == ["and 30 more: no position (0, 0)", "50 rows rejected"]


def test_the_table_and_twice_the_same_on_standard_input(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "town.csv"
    path.write_text(TOWN)
    _, out, words = told(str(path), "--block-km", "1")
    header, *lines = out.splitlines()
    assert header.split() == ["score", "model", "baseline"]
    assert [line.split()[0] for line in lines] == KEYS[1:-1]
    assert "25 pairs, squares of 1 km left out" in words
    assert "path-loss exponent" in words
    _, once, _ = told(str(path), "--block-km", "1", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "lora_registry", "coverage", "evaluate", "-", "--block-km", "1", "--format=json"],
        input=gzip.compress(TOWN.encode()), capture_output=True, check=False, timeout=110, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == once


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (b"", [], "the file is empty: its first line must be the header point_id,lat,lon"),
        (b"hello\n1\n", [], "column point_id: found 0 times"),
        (b"\xff\xfe\x00", [], "not UTF-8 text"),
        (gzip.compress(TOWN.encode())[:-20], [], "the compressed data is damaged"),
        ((HEADER + "p,0,0,g,49.2,16.6,1,-100\n").encode(), [], "no row can be used of 1; line 2: no position"),
        (TOWN.encode(), ["--max-km", "0.01"], "none of 25 pairs is within 0.01 km"),
        (TOWN.encode(), ["--block-km", "5000"], "one block of 5000 km; give a smaller --block-km"),
    ],
)
def test_a_file_that_cannot_be_scored_is_told_in_one_line(
    content: bytes, arguments: list[str], words: str, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "receptions.csv"
    path.write_bytes(content)
    code, out, said = told(
        str(path), *(arguments if "--block-km" in arguments else ["--block-km", "1", *arguments])
    )
    assert (code, out) == (2, "")
    (line,) = said.splitlines()
    assert line.startswith(f"lora-registry: {path}: ")
    assert words in line


@pytest.mark.parametrize("distance", ["0", "-1", "nan", "inf"])
def test_a_distance_that_is_none_is_wrong_use(distance: str, told: Told) -> None:
    code, out, words = told("README.md", "--block-km", distance)
    assert (code, out) == (2, "")
    assert "is not a distance above 0" in words
