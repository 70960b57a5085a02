"""Puts the native library into the wheel.

``FLEXCANCEL_BUNDLE`` names it; else it is that of ``cargo build --release`` in the repository.
``FLEXCANCEL_BUNDLE=none`` makes a wheel without it, which looks for the system's library.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE_ENV = "FLEXCANCEL_BUNDLE"
#: The machines whose libraries are put into wheels, by their number in an ELF header.
MACHINES = {62: "x86_64", 183: "aarch64"}


class BundleLibrary(BuildHookInterface[Any]):
    """The hook that hatchling runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Names the library and the platform that it runs on."""
        named = os.environ.get(BUNDLE_ENV)
        if version == "editable" or named == "none":
            return
        root = Path(self.root)
        library = Path(named) if named else root / "../../target/release/libflexcancel.so"
        if not library.is_file():
            raise FileNotFoundError(
                f"{library} is not there: run `cargo build --release` in the repository, or let "
                f"{BUNDLE_ENV} name the library (or be `none` for a wheel without it)"
            )
        build_data["force_include"][str(library)] = "flexcancel/_lib/libflexcancel.so"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform(library.read_bytes())}"


def platform(library: bytes) -> str:
    """The platform's tag: the machine, and the oldest glibc that has all that is asked of it."""
    if library[:4] != b"\x7fELF":
        raise ValueError("expected an ELF shared library")
    machine = MACHINES[int.from_bytes(library[18:20], "little")]
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", library)
    if not versions:
        raise ValueError("expected a library for glibc")
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return f"manylinux_{major}_{minor}_{machine}"
