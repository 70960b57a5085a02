"""What Debian brings: packages of this machine, and folders with other systems."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def need(*packages: str) -> None:
    """Installs Debian packages that are missing."""
    shown = ["dpkg-query", "-W", "-f", "${Package} ${Status}\n", *packages]
    known = subprocess.run(shown, capture_output=True, text=True, check=False).stdout
    missing = [name for name in packages if f"{name} install ok installed" not in known]
    if missing:
        print("installing", *missing, file=sys.stderr)
        subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=sys.stderr)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(install, check=True, stdout=sys.stderr)


def mirror() -> str:
    """The mirror of Debian that this machine uses."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]


def make_folder(folder: Path, suite: str, architecture: str, *packages: str) -> None:
    """A folder with another Debian, whose processor this one can be; made once."""
    stamp, contents = folder / "complete", " ".join([suite, architecture, *packages])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == contents:
        return
    need("debootstrap")
    shutil.rmtree(folder, ignore_errors=True)
    make = ["debootstrap", "--variant=minbase", f"--arch={architecture}", suite]
    subprocess.run([*make, str(folder), mirror()], check=True, stdout=subprocess.DEVNULL)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        ["chroot", str(folder), *install], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    stamp.write_text(contents, encoding="utf-8")


def unpack(folder: Path, architecture: str, *packages: str) -> None:
    """The files of packages for another processor, unpacked and not installed; done once."""
    stamp = folder / "complete"
    if stamp.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    # An apt of its own: nothing of this machine's changes.
    state = folder / "apt"
    for part in ["state/lists/partial", "cache/archives/partial", "etc/preferences.d"]:
        (state / part).mkdir(parents=True)
    (state / "status").touch()
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    line = f"deb [arch={architecture} signed-by={keys}] {mirror()} bookworm main\n"
    (state / "etc/sources.list").write_text(line, encoding="utf-8")
    options = {
        "Dir::State": state / "state",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc": state / "etc",
        "Dir::Etc::sourcelist": state / "etc/sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    for command in (["update"], ["download", *packages]):
        subprocess.run([*apt, *command], check=True, cwd=folder, stdout=sys.stderr)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
        package.unlink()
    shutil.rmtree(state)
    stamp.touch()
