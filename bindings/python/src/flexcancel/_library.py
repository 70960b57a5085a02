"""Finds the native library, loads it on first use, and declares its functions.

``FLEXCANCEL_LIBRARY`` names the library to load, and then no other is tried; otherwise the one in
this package is loaded, or else the system's. The variable is read once, when the library is loaded.

The declarations are written by hand; a test compares them with the C header.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Dict, Tuple

from ._errors import LibraryError

ABI_VERSION = 0
"""The ABI that these declarations are made for."""

LIBRARY_ENV = "FLEXCANCEL_LIBRARY"

#: By ``sys.platform``: the name of the library in this package, and of the system's.
NAMES: Dict[str, Tuple[str, str]] = {
    "linux": ("libflexcancel.so", f"libflexcancel.so.{ABI_VERSION}"),
    "darwin": ("libflexcancel.dylib", f"libflexcancel.{ABI_VERSION}.dylib"),
    "win32": ("flexcancel.dll", "flexcancel.dll"),
}

LogCallback: Any = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_void_p, c_size_t)
NextCallback: Any = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)
DoneCallback: Any = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint64, c_void_p)

#: Of each function: whether it can block (then it runs without the GIL), what it returns, what it
#: takes. Handles are opaque: as integers they are never mistaken for memory.
FUNCTIONS: Dict[str, Tuple[bool, Any, Tuple[Any, ...]]] = {
    "flexcancel_version": (False, c_char_p, ()),
    "flexcancel_abi_version": (False, c_uint32, ()),
    "flexcancel_code_name": (False, c_char_p, (c_int32,)),
    "flexcancel_outcome_name": (False, c_char_p, (c_int32,)),
    "flexcancel_hold_name": (False, c_char_p, (c_int32,)),
    "flexcancel_abort_new": (False, c_void_p, ()),
    "flexcancel_abort_trigger": (False, None, (c_void_p,)),
    "flexcancel_abort_free": (False, None, (c_void_p,)),
    "flexcancel_result_outcome": (False, c_int32, (c_void_p,)),
    "flexcancel_result_code": (False, c_int32, (c_void_p,)),
    "flexcancel_result_hold": (False, c_int32, (c_void_p,)),
    "flexcancel_result_message": (False, c_char_p, (c_void_p,)),
    "flexcancel_result_advice": (False, c_char_p, (c_void_p,)),
    "flexcancel_result_session_id": (False, c_char_p, (c_void_p,)),
    "flexcancel_result_idempotency_key": (False, c_char_p, (c_void_p,)),
    "flexcancel_result_checkout_session": (False, c_char_p, (c_void_p,)),
    "flexcancel_result_json": (False, c_char_p, (c_void_p, c_void_p)),
    "flexcancel_result_repeat": (False, c_char_p, (c_void_p,)),
    "flexcancel_result_free": (False, None, (c_void_p,)),
    "flexcancel_client_new": (True, c_void_p, (c_char_p, c_void_p)),
    "flexcancel_client_free": (True, None, (c_void_p,)),
    "flexcancel_client_set_log": (False, c_int32, (c_void_p, LogCallback, c_void_p)),
    "flexcancel_client_warm_up": (True, c_void_p, (c_void_p, c_char_p, c_void_p)),
    "flexcancel_client_cancel": (True, c_void_p, (c_void_p, c_char_p, c_char_p, c_void_p)),
    "flexcancel_client_cancel_many": (
        True,
        c_void_p,
        (c_void_p, c_char_p, NextCallback, DoneCallback, c_void_p, c_void_p),
    ),
    "flexcancel_client_retrieve": (True, c_void_p, (c_void_p, c_char_p, c_char_p, c_void_p)),
    "flexcancel_outbox_open": (True, c_void_p, (c_void_p, c_char_p, c_void_p)),
    "flexcancel_outbox_cancel": (True, c_void_p, (c_void_p, c_char_p, c_char_p, c_void_p)),
    "flexcancel_outbox_enqueue": (True, c_void_p, (c_void_p, c_char_p, c_char_p)),
    "flexcancel_outbox_flush": (True, c_void_p, (c_void_p, c_char_p, c_void_p)),
    "flexcancel_outbox_claim": (True, c_void_p, (c_void_p, c_char_p)),
    "flexcancel_outbox_settle": (True, c_void_p, (c_void_p, c_int64, c_char_p)),
    "flexcancel_outbox_list": (True, c_void_p, (c_void_p, c_char_p)),
    "flexcancel_outbox_acknowledge": (True, c_void_p, (c_void_p, c_int64)),
    "flexcancel_outbox_withdraw": (True, c_void_p, (c_void_p, c_int64, c_char_p)),
    "flexcancel_outbox_stats": (True, c_void_p, (c_void_p,)),
    "flexcancel_outbox_free": (True, None, (c_void_p,)),
}


def _path() -> str:
    named = os.environ.get(LIBRARY_ENV)
    if named is not None:
        if not os.path.isfile(named):
            raise LibraryError(f"{LIBRARY_ENV}: expected the path of a file, found {named!r}")
        return os.path.abspath(named)
    own, system = NAMES.get(sys.platform, NAMES["linux"])
    bundled = Path(__file__).parent / "_lib" / own
    return str(bundled) if bundled.is_file() else system


def _load() -> Dict[str, Any]:
    path = _path()
    try:
        # Handing the GIL over and back costs more than a function that only reads memory.
        libraries = {True: ctypes.CDLL(path), False: ctypes.PyDLL(path)}
    except OSError as error:
        raise LibraryError(
            f"cannot load the native library {path}: {error}. Install a wheel that holds it, or "
            f"let {LIBRARY_ENV} name it"
        ) from None
    functions: Dict[str, Any] = {}
    for name, (blocks, result, arguments) in FUNCTIONS.items():
        function = getattr(libraries[blocks], name, None)
        if function is None:
            raise LibraryError(f"{path} has no {name}: it is not this version's library")
        function.restype = result
        function.argtypes = arguments
        functions[name.replace("flexcancel_", "", 1)] = function
    found = functions["abi_version"]()
    if found != ABI_VERSION:
        raise LibraryError(f"{path}: expected ABI version {ABI_VERSION}, found {found}")
    return functions


class _Functions:
    """The functions of the library, without their prefix. The first use loads it."""

    def __getattr__(self, name: str) -> Any:
        vars(self).update(_load())
        return vars(self)[name]


native = _Functions()


def version() -> str:
    """The version of the native library, like ``0.1.0``."""
    return bytes(native.version()).decode()


def take_text(result: int) -> str:
    """The JSON text of a result, which is freed."""
    try:
        text: bytes = native.result_json(result, None)
        return text.decode()
    finally:
        native.result_free(result)
