"""A Conan 2 recipe: builds the library from this checkout, or takes one that is built.

conan create packaging/conan
FLEXCANCEL_LIBRARY=…/libflexcancel.so conan create packaging/conan
"""

import os
import re
from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy


class Flexcancel(ConanFile):
    name = "flexcancel"
    description = "Releases the hold on a shopper's HSA/FSA card (Flex), and says whether it is released."
    license = ("MIT", "Apache-2.0")
    package_type = "shared-library"
    settings = "os", "arch"

    def set_version(self):
        manifest = (Path(self.recipe_folder) / "../../Cargo.toml").read_text(encoding="utf-8")
        self.version = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)[1]

    def export_sources(self):
        # What cargo and packaging/install read.
        checkout = os.path.join(self.recipe_folder, "../..")
        for pattern in (
            "Cargo.*", "build.rs", "cbindgen.toml", "LICENSE-*", "packaging/*", "include/*", "src/*",
            "examples/*", "benches/*.rs", "tests/*", "README.md", "docs/*", "bindings/python/src/*",
        ):
            copy(self, pattern, checkout, self.export_sources_folder, excludes="*/target/*")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("expected Linux; for Windows take the zip of the release")

    def package(self):
        library = os.environ.get("FLEXCANCEL_LIBRARY")
        with_library = f' --library "{library}"' if library else ""
        source = self.source_folder
        self.run(f'bash packaging/install --prefix "{self.package_folder}"{with_library}', cwd=source)
        copy(self, "LICENSE-*", source, os.path.join(self.package_folder, "licenses"))
        copy(
            self, "THIRD_PARTY_LICENSES.txt", os.path.join(source, "packaging"),
            os.path.join(self.package_folder, "licenses"),
        )

    def package_info(self):
        self.cpp_info.libs = ["flexcancel"]
        self.cpp_info.set_property("cmake_file_name", "flexcancel")
        self.cpp_info.set_property("cmake_target_name", "flexcancel::flexcancel")
        self.cpp_info.set_property("pkg_config_name", "flexcancel")
