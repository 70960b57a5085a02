"""Puts the native library and the man page into the wheel.

``FLEXCANCEL_BUNDLE`` names it; else it is that of ``cargo build --release`` in the repository.
``FLEXCANCEL_BUNDLE=none`` makes a wheel without it, which looks for the system's library.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.utils import get_reproducible_timestamp

BUNDLE_ENV = "FLEXCANCEL_BUNDLE"
#: What cargo calls the library, by ``sys.platform``.
BUILT = {"win32": "flexcancel.dll", "darwin": "libflexcancel.dylib"}
#: The machines that wheels are built for: by the bits of an ELF header and its ``e_machine``.
ELF_MACHINES = {(64, 62): "x86_64", (64, 183): "aarch64", (32, 40): "armv7l", (32, 3): "i686"}
#: The same by the ``Machine`` of a PE header.
PE_PLATFORMS = {0x8664: "win_amd64", 0x014C: "win32"}
#: The same by the ``cputype`` of a Mach-O header, with the oldest macOS that has such machines
#: or that Rust supports.
MACH_O_PLATFORMS = {0x0100000C: "macosx_11_0_arm64", 0x01000007: "macosx_10_12_x86_64"}
ELF_64_BIT, ELF_LITTLE_ENDIAN = 2, 1
#: The glibc of manylinux2014.
OLDEST_GLIBC = (2, 17)


class BundleLibrary(BuildHookInterface[Any]):
    """The hook that hatchling runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Names the library and the platform that it runs on."""
        named = os.environ.get(BUNDLE_ENV)
        if version == "editable":
            return
        root = Path(self.root)
        self._scratch = tempfile.TemporaryDirectory()
        page = Path(self._scratch.name, "flexcancel.1")
        page.write_text(man_page(root / "src", self.metadata.version), encoding="utf-8")
        build_data["shared_data"][str(page)] = "share/man/man1/flexcancel.1"
        if named == "none":
            return
        built = root / "../../target/release"
        library = Path(named) if named else built / BUILT.get(sys.platform, "libflexcancel.so")
        if not library.is_file():
            raise FileNotFoundError(
                f"{library} is not there: run `cargo build --release` in the repository, or let "
                f"{BUNDLE_ENV} name the library (or be `none` for a wheel without it)"
            )
        name, tag = placed(library)
        build_data["force_include"][str(library)] = f"flexcancel/_lib/{name}"
        licences = root / "../../packaging/THIRD_PARTY_LICENSES.txt"
        # Not in an sdist, whose library is the user's own.
        if licences.is_file():
            build_data["extra_metadata"][str(licences)] = licences.name
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact: str) -> None:  # noqa: ARG002
        """Removes what only the build needs."""
        if version != "editable":
            self._scratch.cleanup()


def man_page(source: Path, version: str) -> str:
    """The man page of the command line, made from its parser."""
    # The width of the usage lines, which man indents, and the date, for the same bytes each time.
    os.environ["COLUMNS"] = "70"
    os.environ.setdefault("SOURCE_DATE_EPOCH", str(get_reproducible_timestamp()))
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source))
    try:
        cli = importlib.import_module("flexcancel._cli")
    finally:
        sys.path.remove(str(source))
    named = {
        "description": "release holds on HSA/FSA cards (Flex)",
        "manual_title": "flexcancel manual",
        "version": version,
    }
    return f"{Manpage(cli.parser(), _data=named, format='single-commands-section')}\n"


def placed(path: Path) -> tuple[str, str]:
    """The name of the library in the wheel, and the tag of the platform that it runs on."""
    library = path.read_bytes()
    try:
        if library[:4] == b"\x7fELF":
            return "libflexcancel.so", linux(library)
        if library[:2] == b"MZ":
            header = int.from_bytes(library[60:64], "little")
            number = int.from_bytes(library[header + 4 : header + 6], "little")
            return "flexcancel.dll", one_of(PE_PLATFORMS, number, "PE")
        if library[:4] == b"\xcf\xfa\xed\xfe":
            number = int.from_bytes(library[4:8], "little")
            return "libflexcancel.dylib", one_of(MACH_O_PLATFORMS, number, "Mach-O")
        raise ValueError("expected a shared library: ELF, PE or Mach-O")
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def one_of(platforms: dict[int, str], number: int, format: str) -> str:
    """The platform with this number."""
    if number not in platforms:
        expected = " or ".join(platforms.values())
        raise ValueError(f"expected a library for {expected}, found {format} machine {number}")
    return platforms[number]


def linux(library: bytes) -> str:
    """The machine, and the oldest C library that has every symbol needed."""
    is_little = library[5] == ELF_LITTLE_ENDIAN
    number = int.from_bytes(library[18:20], "little" if is_little else "big")
    bits = 64 if library[4] == ELF_64_BIT else 32
    machine = ELF_MACHINES.get((bits, number)) if is_little else None
    if machine is None:
        expected = " or ".join(ELF_MACHINES.values())
        raise ValueError(
            f"expected a library for {expected}, found a {bits}-bit one for ELF machine {number}"
        )
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", library)
    if versions:
        glibc = max((int(major), int(minor)) for major, minor in versions)
        if glibc <= OLDEST_GLIBC:
            # pip has known the second name for longer than the first.
            return f"manylinux_2_17_{machine}.manylinux2014_{machine}"
        return f"manylinux_{glibc[0]}_{glibc[1]}_{machine}"
    # musl's symbols have no versions. Its ABI is that of 1.2 since 2020.
    if re.search(rb"\0libc\.(so|musl-\w+\.so\.1)\0", library):
        return f"musllinux_1_2_{machine}"
    raise ValueError("expected a library for glibc or musl, found one that needs neither")
