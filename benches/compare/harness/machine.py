"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from .prepare import HERE, ROOT, SCRIPTS, Built


def describe() -> dict[str, object]:
    """The machine."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _system(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions(built: Built) -> dict[str, str]:
    """What is compared, and what it was built with."""
    found = {
        "cc": _first_line("cc", "--version").removeprefix("cc "),
        "go": _first_line("go", "version").removeprefix("go version ").split()[0],
        "python": _first_line(str(built.python), "--version").removeprefix("Python "),
        "rustc": _first_line("rustc", "--version").split()[1],
        "libcurl": _first_line("pkg-config", "--modversion", "libcurl"),
        "cJSON": _first_line("pkg-config", "--modversion", "libcjson"),
        "openssl": _first_line("pkg-config", "--modversion", "openssl"),
        "flexcancel": _flexcancel(),
        "stripe-go": _stripe_go(),
    }
    for line in (SCRIPTS / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if name in ("httpx", "requests"):
            found[name] = version
        elif name == "stripe":
            found["stripe-python"] = version
    return dict(sorted(found.items()))


def _flexcancel() -> str:
    toml = (ROOT / "Cargo.toml").read_text()
    version = toml.split('version = "', 1)[1].split('"', 1)[0]
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return f"{version} ({commit})" if commit else version


def _stripe_go() -> str:
    for line in (HERE / "go" / "go.mod").read_text().splitlines():
        if "stripe-go" in line:
            return line.split()[-1].removeprefix("v")
    raise LookupError("go.mod names no stripe-go")


def _first_line(*command: str) -> str:
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return output.splitlines()[0].strip()


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _system() -> str:
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return platform.system()
    return release.split('PRETTY_NAME="', 1)[-1].split('"', 1)[0]
