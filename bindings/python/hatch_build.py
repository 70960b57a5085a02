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
#: The machines that wheels are built for, by their number in an ELF header (``e_machine``).
MACHINES = {62: "x86_64", 183: "aarch64"}
#: Others, to name them in an error.
OTHERS = {3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 243: "riscv"}
ELF_64_BIT, ELF_LITTLE_ENDIAN = 2, 1


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
        build_data["tag"] = f"py3-none-{platform(library)}"


def platform(path: Path) -> str:
    """The platform's tag: the machine, and the oldest glibc that has every symbol needed."""
    library = path.read_bytes()
    if library[:4] != b"\x7fELF":
        raise ValueError(f"{path}: expected an ELF shared library")
    is_little = library[5] == ELF_LITTLE_ENDIAN
    number = int.from_bytes(library[18:20], "little" if is_little else "big")
    machine = MACHINES.get(number) if library[4] == ELF_64_BIT and is_little else None
    if machine is None:
        expected = " or ".join(MACHINES.values())
        name = {**MACHINES, **OTHERS}.get(number, "an unknown machine")
        bits = 64 if library[4] == ELF_64_BIT else 32
        raise ValueError(
            f"{path}: expected a 64-bit library for {expected}, found a {bits}-bit one for {name} "
            f"(ELF machine {number})"
        )
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", library)
    if not versions:
        raise ValueError(f"{path}: expected a library for glibc, found one without its symbols")
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return f"manylinux_{major}_{minor}_{machine}"
