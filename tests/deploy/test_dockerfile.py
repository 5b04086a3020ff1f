"""Dockerfile: linted, and held against the files it copies and the locks it installs."""

from __future__ import annotations

import re
import shlex
import subprocess
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.deploy.conftest import FindTool


@pytest.fixture(scope="module")
def dockerfile(project: Path) -> str:
    return (project / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")


def test_hadolint_has_nothing_to_say(project: Path, find_tool: FindTool) -> None:
    command = [find_tool("hadolint"), "--failure-threshold", "style", "Dockerfile"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_exists_and_is_let_through(project: Path, dockerfile: str) -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    }
    ignored = (project / ".dockerignore").read_text().splitlines()
    allowed = {line[1:].rstrip("/") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert copied == allowed
    assert [name for name in copied if not (project / name).exists()] == []


def test_the_image_runs_as_nobody_in_particular(dockerfile: str) -> None:
    last_stage = dockerfile.rpartition("FROM ")[2]
    assert re.findall(r"^USER (.+)$", last_stage, re.MULTILINE) == ["10001:10001"]


def test_everything_from_an_index_is_checked_by_its_hash(dockerfile: str) -> None:
    installs = re.findall(r"\binstall [^&\n]*", dockerfile)
    assert len(installs) == 3
    assert [i for i in installs if "--require-hashes" not in i and "--no-index" not in i] == []


def test_the_build_tool_is_taken_whole_from_the_lock(project: Path, dockerfile: str, find_tool: FindTool) -> None:
    found = re.search(r"awk '[^']+'", dockerfile)
    assert found is not None
    _, program = shlex.split(found.group())
    command = [find_tool("awk"), program, "requirements-dev.lock"]
    lock = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout
    locked = dict(re.findall(r"^(\S+)==(.*(?:\n    --hash.*)+)", lock, re.MULTILINE))
    assert lock.count("==") == len(locked)
    assert set(locked) == {"hatchling"} | dependencies_of("hatchling")


def dependencies_of(package: str) -> set[str]:
    """Names of all that `package` needs on the image's Python."""
    direct = set()
    for text in requires(package) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"python_version": "3.13"}):
            direct.add(requirement.name)
    return direct.union(*(dependencies_of(name) for name in direct))
