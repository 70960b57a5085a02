"""Puts the program flex-sandbox into the wheel: FLEX_SANDBOX names it.

The wheel is for the platform of the library that was built for the same target:
``FLEX_SANDBOX_TAG`` is its tag. packaging/release sets both.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleProgram(BuildHookInterface[Any]):
    """The hook that hatchling runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Names the program, the licences of what is inside it, and its platform."""
        if version == "editable":
            raise ValueError("expected a wheel: an editable installation has no program")
        try:
            program, tag = Path(os.environ["FLEX_SANDBOX"]), os.environ["FLEX_SANDBOX_TAG"]
        except KeyError as missing:
            raise ValueError(f"{missing.args[0]} is not set: run packaging/release") from None
        if not program.is_file():
            raise FileNotFoundError(f"FLEX_SANDBOX: {program} is not there")
        repository = Path(self.root, "../../..")
        build_data["shared_scripts"][str(program)] = program.name
        for name in ("LICENSE-APACHE", "LICENSE-MIT", "packaging/THIRD_PARTY_LICENSES.txt"):
            build_data["extra_metadata"][str(repository / name)] = Path(name).name
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"
