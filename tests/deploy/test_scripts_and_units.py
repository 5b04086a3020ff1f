"""Shell scripts and systemd units, as their own checkers see them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import FindTool

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "deploy").rglob("*.sh"))
UNITS = sorted(path.name for path in (ROOT / "deploy/systemd").glob("*.service"))


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_understood_by_every_shell_that_may_run_it(script: str, find_tool: FindTool) -> None:
    assert run(find_tool("bash"), "-n", script, cwd=ROOT).stderr == ""
    assert run(find_tool("sh"), "-n", script, cwd=ROOT).stderr == ""


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_has_nothing_to_say(script: str, find_tool: FindTool) -> None:
    assert run(find_tool("shellcheck"), script, cwd=ROOT).stdout == ""


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_a_unit_and_finds_it_closed(unit: str, tmp_path: Path, find_tool: FindTool) -> None:
    analyze = find_tool("systemd-analyze", optional=True)
    shutil.copytree(ROOT / "deploy/systemd", tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("*.service"):
        # It also looks for the program, which is not installed where tests run.
        path.write_text(path.read_text().replace("/opt/lora-registry/bin/lora-registry", find_tool("true")))
    verified = run(analyze, "verify", "--man=no", unit, cwd=tmp_path)
    assert (verified.returncode, verified.stderr) == (0, "")
    # 0 is closed, 10 open; both stood at 1.3 when written.
    judged = run(analyze, "security", "--offline=true", "--threshold=15", unit, cwd=tmp_path)
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]
