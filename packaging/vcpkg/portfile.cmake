# For use from a checkout: vcpkg install flexcancel --overlay-ports=packaging/vcpkg
# Builds the library with the cargo of this machine, as packaging/install does.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
find_program(BASH bash REQUIRED)
# There is no library for debugging.
set(VCPKG_BUILD_TYPE release)

vcpkg_execute_required_process(
    COMMAND "${BASH}" packaging/install --prefix "${CURRENT_PACKAGES_DIR}"
    WORKING_DIRECTORY "${SOURCE_PATH}"
    LOGNAME "install-${TARGET_TRIPLET}"
)
vcpkg_cmake_config_fixup(PACKAGE_NAME flexcancel CONFIG_PATH lib/cmake/flexcancel)
vcpkg_fixup_pkgconfig()
vcpkg_install_copyright(FILE_LIST
    "${SOURCE_PATH}/LICENSE-MIT"
    "${SOURCE_PATH}/LICENSE-APACHE"
    "${SOURCE_PATH}/packaging/THIRD_PARTY_LICENSES.txt"
)
