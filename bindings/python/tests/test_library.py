"""The native library: found, checked, and declared as the header has it."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flexcancel import Code, Outcome, _library

from . import script

HEADER = (Path(__file__).resolve().parents[3] / "include/flexcancel.h").read_text(encoding="utf-8")

NUMBERS: dict[str, Any] = {
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "void": None,
    "flexcancel_log_callback": _library.LogCallback,
    "flexcancel_next_callback": _library.NextCallback,
    "flexcancel_done_callback": _library.DoneCallback,
}


def ctype(declaration: str) -> Any:
    """The ctypes type of a C type. Handles, and what is only handed through, are addresses."""
    if "*" in declaration:
        is_text = re.fullmatch(r"const char \*", declaration)
        return ctypes.c_char_p if is_text else ctypes.c_void_p
    return NUMBERS[declaration]


def parameters(text: str) -> tuple[Any, ...]:
    if text.strip() == "void":
        return ()
    each = (re.sub(r"\s+", " ", one).strip() for one in text.split(","))
    return tuple(ctype(re.sub(r"(\*| )\w+$", r"\1", one).strip()) for one in each)


def test_each_declaration_is_that_of_the_header() -> None:
    pattern = r"FLEXCANCEL_API\s+([\w ]+?[ *]+)FLEXCANCEL_CALL (\w+)\(([^;]*)\);"
    found = {
        name: (ctype(result.strip()), parameters(arguments))
        for result, name, arguments in re.findall(pattern, HEADER)
    }
    assert len(found) == HEADER.count("FLEXCANCEL_CALL flexcancel_")
    declared = {name: (result, args) for name, (_, result, args) in _library.FUNCTIONS.items()}
    assert found == declared


def test_the_callbacks_are_those_of_the_header() -> None:
    found = re.findall(r"(\w+) \((?:FLEXCANCEL_CALL )?\*(flexcancel_\w+)\)\(([^;]*)\);", HEADER)
    assert len(found) == 3
    for result, name, arguments in found:
        callback = NUMBERS[name]
        # A text is an address here: it is read by its length, and only if somebody listens.
        each = parameters(arguments)
        kinds = [ctypes.c_void_p if kind is ctypes.c_char_p else kind for kind in each]
        assert (NUMBERS[result], tuple(kinds)) == (callback._restype_, callback._argtypes_)


def test_only_what_can_block_gives_the_gil_away() -> None:
    blocking = {name for name, (blocks, _, _) in _library.FUNCTIONS.items() if blocks}
    assert blocking == {
        "flexcancel_client_cancel",
        "flexcancel_client_cancel_many",
        "flexcancel_client_retrieve",
        "flexcancel_client_new",
        "flexcancel_client_free",
        "flexcancel_client_warm_up",
        *(name for name in _library.FUNCTIONS if name.startswith("flexcancel_outbox_")),
    }


def test_outcomes_and_codes_are_those_of_the_header_and_of_the_library() -> None:
    for kind, words, name in (
        ("OUTCOME", Outcome, _library.native.outcome_name),
        ("CODE", Code, _library.native.code_name),
    ):
        macros = re.findall(rf"#define FLEXCANCEL_{kind}_(\w+) (\d+)", HEADER)
        expected = {macro.lower(): int(number) for macro, number in macros}
        assert {str(word) for word in words} == set(expected)
        assert {name(number).decode(): number for number in expected.values()} == expected


def test_the_abi_version_is_that_of_the_header() -> None:
    assert f"#define FLEXCANCEL_ABI_VERSION {_library.ABI_VERSION}\n" in HEADER


FIRST_USE = """
    import flexcancel
    try:
        flexcancel.Client("fsk_test_hunter2")
    except ImportError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("", "FLEXCANCEL_LIBRARY: expected the path of a file, found ''"),
        ("/nonexistent.so", "FLEXCANCEL_LIBRARY: expected the path of a file"),
        (__file__, "cannot load the native library"),
    ],
)
def test_given_a_library_that_cannot_be_loaded_then_no_other_is(named: str, message: str) -> None:
    exit_code, output, complaints = script.run(FIRST_USE, FLEXCANCEL_LIBRARY=named)
    assert (exit_code, complaints) == (0, "")
    assert output.startswith(f"LibraryError {message}"), output


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (list(_library.FUNCTIONS), "expected ABI version 0, found 7"),
        (list(_library.FUNCTIONS)[1:], "has no flexcancel_version: it is not this version's"),
    ],
)
def test_given_a_library_of_another_abi_then_it_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    functions = "".join(f"unsigned {name}(void) {{ return 7; }}\n" for name in names)
    source.write_text(functions, encoding="ascii")
    subprocess.run(["cc", "-shared", "-o", library, source], check=True)
    exit_code, output, complaints = script.run(FIRST_USE, FLEXCANCEL_LIBRARY=str(library))
    assert (exit_code, complaints) == (0, "")
    assert output.startswith("LibraryError")
    assert message in output


@pytest.mark.parametrize(
    ("platform", "own", "system"),
    [
        ("linux", "libflexcancel.so", "libflexcancel.so.0"),
        ("darwin", "libflexcancel.dylib", "libflexcancel.0.dylib"),
        ("win32", "flexcancel.dll", "flexcancel.dll"),
    ],
)
def test_the_library_in_the_package_stands_before_the_system_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, own: str, system: str
) -> None:
    monkeypatch.delenv(_library.LIBRARY_ENV)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(_library, "__file__", str(tmp_path / "_library.py"))
    assert _library._path() == system
    bundled = tmp_path / "_lib" / own
    bundled.parent.mkdir()
    bundled.touch()
    assert _library._path() == str(bundled)


NO_FORKS = """
    import os
    del os.register_at_fork, os.fork
    import flexcancel
    flexcancel.Client("fsk_test_hunter2").close()
"""


def test_given_a_system_without_forks_then_a_client_is_made() -> None:
    assert script.run(NO_FORKS) == (0, "", "")
