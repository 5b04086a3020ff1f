"""Run with the Python of an environment that holds only the wheel: its parts are there and work.

Not a pytest module: `./dev wheel` builds, installs and runs it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import metadata, resources
from pathlib import Path


def main() -> None:
    """Check the installed distribution."""
    owners = metadata.packages_distributions()
    for package in ("lora_registry", "integrations", "maps"):
        assert owners[package] == ["lora-registry"], (package, owners.get(package))
    import lora_registry

    assert "site-packages" in lora_registry.__file__, "the checkout, not the wheel, was imported"
    assert resources.files("lora_registry").joinpath("_migrations", "env.py").is_file()
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'registry.sqlite'}"
        for command in (["db", "upgrade"], ["db", "check"], ["devices", "list", "--format", "json"]):
            program = Path(sys.executable).with_name("lora-registry")
            done = subprocess.run(
                [program, "--database", database, *command], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip() == "[]", done.stdout
    print("the wheel works")  # noqa: T201 - what its runner reads


if __name__ == "__main__":
    main()
