"""Builds what is measured, under target/compare, and says what to install where that fails."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .contenders import Contender

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "compare"
SCRIPTS = HERE / "contenders"

TOOLS = {
    "cargo": "install Rust 1.91 or newer: https://rustup.rs",
    "cc": "apt-get install gcc libc6-dev",
    "c++": "apt-get install g++",
    "go": "install Go 1.25 or newer: https://go.dev/dl",
    "ldd": "apt-get install libc-bin",
    "pkg-config": "apt-get install pkg-config",
}
HEADERS = {
    "curl/curl.h": "apt-get install libcurl4-openssl-dev",
    "cjson/cJSON.h": "apt-get install libcjson-dev",
    "openssl/ssl.h": "apt-get install libssl-dev",
}
#: Libraries that every program in C or C++ has.
LANGUAGES = ("linux-vdso", "/ld-", "libc.", "libm.", "libgcc_s.", "libstdc++.")
C_FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-pthread")


class BenchmarkError(Exception):
    """What keeps the benchmark from running, and what to do."""


@dataclass(frozen=True)
class Built:
    """What is measured."""

    library: Path
    server: Path
    binaries: Path
    python: Path
    scripts: Path

    def command(self, contender: Contender) -> list[str]:
        """How a contender is started."""
        if contender.is_python:
            return [str(self.python), str(self.scripts / contender.program)]
        return [str(self.binaries / contender.program)]


def prepare(library: Path | None) -> Built:
    """Builds everything. `library` is measured in place of the release that cargo builds."""
    _check_tools()
    binaries = TARGET / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    say("building the library and the server")
    if library is None:
        _run(["cargo", "build", "--release", "--lib", "--target-dir", str(ROOT / "target")])
        library = ROOT / "target" / "release" / "libflexcancel.so"
    if not library.is_file():
        raise BenchmarkError(f"{library} is not there")
    links = _link(library.resolve())
    manifest = HERE / "server" / "Cargo.toml"
    to = TARGET / "server"
    cargo = ["cargo", "build", "--release", "--locked"]
    _run([*cargo, "--manifest-path", str(manifest), "--target-dir", str(to)])
    say("building the contenders in C, C++ and Go")
    _build_c(binaries, links)
    _build_go(binaries, links)
    say("installing the contenders in Python")
    python = _make_environment(library.resolve())
    # Copies, because Python leaves what it compiles beside its sources.
    scripts = TARGET / "scripts"
    shutil.copytree(SCRIPTS, scripts, dirs_exist_ok=True)
    server = to / "release" / "compare-server"
    return Built(library.resolve(), server, binaries, python, scripts)


def installed_bytes(built: Built, contender: Contender) -> int:
    """What it takes on disk beside the program itself and what its language always takes."""
    if contender.is_python:
        return _package_bytes(contender.package, built.library) if contender.package else 0
    if contender.language == "Go":
        own = (built.binaries / contender.program).stat().st_size
        own -= (built.binaries / "empty").stat().st_size
        return own + (built.library.stat().st_size if contender.kind == "ours" else 0)
    return _loaded_bytes(built.binaries / contender.program)


def say(what: str) -> None:
    """Tells whoever waits what is going on."""
    print(f"== {what}", file=sys.stderr, flush=True)


def _check_tools() -> None:
    missing = [hint for tool, hint in TOOLS.items() if shutil.which(tool) is None]
    if not missing:
        for header, hint in HEADERS.items():
            found = subprocess.run(
                ["cc", "-fsyntax-only", "-x", "c", "-"],
                input=f"#include <stddef.h>\n#include <{header}>\n",
                text=True,
                capture_output=True,
                check=False,
            )
            if found.returncode != 0:
                missing.append(hint)
    if missing:
        raise BenchmarkError("something is missing:\n  " + "\n  ".join(missing))


def _link(library: Path) -> Path:
    """A directory where linkers and loaders find the library by its names."""
    links = TARGET / "lib"
    links.mkdir(parents=True, exist_ok=True)
    for name in ("libflexcancel.so", "libflexcancel.so.0"):
        (links / name).unlink(missing_ok=True)
        (links / name).symlink_to(library)
    (links / "flexcancel.pc").write_text(
        "Name: flexcancel\nDescription: the library that is measured\nVersion: 0\n"
        f"Cflags: -I{ROOT / 'include'}\n"
        f"Libs: -L{links} -lflexcancel -Wl,-rpath,{links}\n"
    )
    return links


def _build_c(binaries: Path, links: Path) -> None:
    ours = [f"-I{ROOT / 'include'}", f"-L{links}", "-lflexcancel", f"-Wl,-rpath,{links}"]
    c = ["cc", "-std=c11", "-D_GNU_SOURCE", *C_FLAGS]
    for name, compiler, source, libraries in (
        ("raw", c, "raw.c", ["-lssl", "-lcrypto"]),
        ("libcurl", c, "libcurl.c", ["-lcurl", "-lcjson"]),
        ("flexcancel-c", c, "flexcancel.c", ours),
        ("growth", c, "growth.c", ours),
        ("flexcancel-cpp", ["c++", "-std=c++17", *C_FLAGS], "flexcancel.cpp", ours),
    ):
        _run([*compiler, str(SCRIPTS / source), "-o", str(binaries / name), *libraries])


def _build_go(binaries: Path, links: Path) -> None:
    names = ("nethttp", "stripe", "empty", "flexcancel", "flexcancelsession")
    packages = [f"./{name}" for name in names]
    environment = {
        "PKG_CONFIG_PATH": str(links),
        "CGO_ENABLED": "1",
        "CGO_LDFLAGS_ALLOW": "-Wl,-rpath,.*",
    }
    _run(
        ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", f"{binaries}/", *packages],
        directory=HERE / "go",
        environment=environment,
    )


def _make_environment(library: Path) -> Path:
    requirements = SCRIPTS / "requirements.txt"
    environment = TARGET / "venv"
    python = environment / "bin" / "python"
    stamp = environment / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(environment, ignore_errors=True)
        try:
            _run([sys.executable, "-m", "venv", str(environment)])
        except BenchmarkError as problem:
            raise BenchmarkError(f"{problem}\n  apt-get install python3-venv") from None
        _run([str(python), "-m", "pip", "install", "-q", "-r", str(requirements)])
        stamp.write_text(wanted)
    _pip_install_ours(python, library, [])
    return python


def _pip_install_ours(python: Path, library: Path, options: Sequence[str]) -> None:
    pip = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall"]
    _run(
        [*pip, *options, str(ROOT / "bindings" / "python")],
        environment={"FLEXCANCEL_BUNDLE": str(library)},
    )


def _package_bytes(package: str, library: Path) -> int:
    into = TARGET / "size" / package
    shutil.rmtree(into, ignore_errors=True)
    python = TARGET / "venv" / "bin" / "python"
    options = ["--no-compile", "--target", str(into)]
    if package == "flexcancel":
        _pip_install_ours(python, library, options)
    else:
        constraints = ["-c", str(SCRIPTS / "requirements.txt")]
        _run([str(python), "-m", "pip", "install", "-q", *options, *constraints, package])
    return sum(path.stat().st_size for path in into.rglob("*") if path.is_file())


def _loaded_bytes(program: Path) -> int:
    total = 0
    for line in _run(["ldd", str(program)]).splitlines():
        words = line.split()
        path = words[2] if "=>" in words else words[0]
        if not any(part in line for part in LANGUAGES) and os.path.isfile(path):
            total += os.stat(path).st_size
    return total


def _run(
    command: Sequence[str],
    directory: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> str:
    result = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout
