"""Programs made for Windows with what packaging/install installs, by each way to find it."""

import os
import subprocess
from pathlib import Path

from platform_kit.systems import CROSS, ROOT, Wine

CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(till LANGUAGES C)
find_package(flexcancel REQUIRED)
add_executable(by_cmake "${SOURCE}")
target_link_libraries(by_cmake PRIVATE flexcancel::flexcancel)
"""


class Package:
    """The library, installed; its programs go beside the DLL."""

    def __init__(self, system: Wine):
        self.system = system
        self.folder = CROSS / "tests" / f"{system.target}-package"
        self.gcc = f"{system.triple}-gcc"
        library = ["--library", str(system.out / "flexcancel.dll")]
        self.run([str(ROOT / "packaging/install"), "--prefix", str(self.folder), *library])

    def run(self, command: list[str], **variables: str) -> None:
        environment = {**os.environ, **variables}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def program(self, name: str) -> Path:
        return self.system.scratch / f"{name}.exe"

    def by_cmake(self) -> None:
        source, build = self.folder / "till", self.folder / "build"
        source.mkdir(exist_ok=True)
        (source / "CMakeLists.txt").write_text(CMAKE, encoding="utf-8")
        settings = {
            "CMAKE_SYSTEM_NAME": "Windows",
            "CMAKE_C_COMPILER": self.gcc,
            "CMAKE_PREFIX_PATH": self.folder,
            "CMAKE_RUNTIME_OUTPUT_DIRECTORY": self.system.scratch,
            "SOURCE": ROOT / "examples/cancel.c",
        }
        each = [f"-D{name}={value}" for name, value in settings.items()]
        self.run(["cmake", "-S", str(source), "-B", str(build), *each])
        self.run(["cmake", "--build", str(build)])

    def by_microsofts_import_library(self) -> None:
        source = str(ROOT / "examples/cancel.c")
        library = str(self.folder / "lib/flexcancel.lib")
        output = str(self.program("by_microsofts_import_library"))
        self.run([self.gcc, f"-I{self.folder}/include", source, library, "-o", output])

    def by_go(self) -> None:
        module = self.folder / "go"
        module.mkdir(exist_ok=True)
        till = (ROOT / "tests/install/till.go").read_text(encoding="utf-8")
        (module / "till.go").write_text(till, encoding="utf-8")
        binding = "github.com/flexcancel/flexcancel/bindings/go"
        (module / "go.mod").write_text(
            f"module example.com/till\n\ngo 1.24\n\nrequire {binding} v0.0.0\n"
            f"replace {binding} => {ROOT}/bindings/go\n",
            encoding="utf-8",
        )
        processor = {"x86_64": "amd64", "i686": "386"}[self.system.target.split("-")[0]]
        variables = {
            "GOOS": "windows",
            "GOARCH": processor,
            "CGO_ENABLED": "1",
            "CC": self.gcc,
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "PKG_CONFIG_PATH": str(self.folder / "lib/pkgconfig"),
        }
        build = ["go", "build", "-C", str(module), "-o", str(self.program("by_go"))]
        self.run(build, **variables)
