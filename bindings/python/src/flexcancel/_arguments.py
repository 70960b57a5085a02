"""Turns Python's arguments into the library's JSON, and its messages back.

The library checks the bounds. This module checks only what JSON cannot express: seconds, paths,
types.
"""

from __future__ import annotations

import json
import math
import os
import re
from datetime import datetime
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Type, Union

from ._enums import Code, Outcome
from ._errors import ArgumentError, ClosedError, ConfigError, RefusedError
from ._result import R
from ._times import Time

PathLike = Union[str, "os.PathLike[str]"]

#: The most characters of a session's id. A test compares it with the library's.
MAX_SESSION_ID = 255

_UNUSABLE_IN_SESSION_ID = re.compile(r"[^A-Za-z0-9_-]")

#: Arguments in seconds, and the library's names of them.
TIMES = {
    "timeout": "timeout_ms",
    "connect_timeout": "connect_timeout_ms",
    "max_idle": "max_idle_ms",
    "dns_ttl": "dns_ttl_ms",
    "keep": "keep_ms",
    "deliver_within": "deliver_within_ms",
    "lease_time": "lease_ms",
    "retry_after": "retry_after_ms",
    "asked_at": "asked_at_ms",
}
_NAMES = {theirs: ours for ours, theirs in TIMES.items()}

#: Other arguments that the library knows by another name.
_RENAMED = {"rate": "rate_per_second"}

#: Codes of a call that the program itself got wrong.
_REFUSALS: Dict[Code, Type[RefusedError]] = {
    Code.INVALID_ARGUMENT: ArgumentError,
    Code.INVALID_SESSION_ID: ArgumentError,
    Code.INVALID_HANDLE: ClosedError,
}

#: Arguments that are lists of names.
_LISTS = {"expand", "states"}

#: In seconds. No bound is near it; a float that is far beyond it has no milliseconds.
_FAR = 10**15

#: So large an ``int`` is shown in words. Far beyond it, the library reads none.
_LONG = 10**30

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

#: What the library says where another thread has just closed an object.
_NOT_LIVE = re.compile(r"^(\w+): expected a live handle$")

_OUT_OF_BOUNDS = re.compile(r"\b(\w+_ms): expected a whole number from (\d+) to (\d+), found .*")


def config_json(arguments: Mapping[str, Any]) -> str:
    """The configuration as JSON. ``None`` is left out."""
    return _json(arguments, _config_error)


def arguments_json(arguments: Mapping[str, Any]) -> Optional[bytes]:
    """The arguments of one operation as JSON; ``None`` if there are none."""
    text = _json(arguments, _argument_error)
    return None if text == "{}" else text.encode()


def cancel_options(
    expand: Sequence[str],
    idempotency_key: Optional[str],
    in_doubt: Optional[bool],
    asked_at: Optional[Time],
    **more: Any,
) -> Dict[str, Any]:
    """The options of a cancel by name, whoever makes it."""
    return {
        "expand": expand,
        "idempotency_key": idempotency_key,
        "in_doubt": in_doubt,
        "asked_at": asked_at,
        **more,
    }


def _json(arguments: Mapping[str, Any], error: Any) -> str:
    fields: Dict[str, Any] = {}
    for name, value in arguments.items():
        if value is None:
            continue
        if name in TIMES:
            fields[TIMES[name]] = _milliseconds(name, value, error)
        elif name in _LISTS:
            names = _names(name, value, error)
            # None to expand is as none given.
            if names or name != "expand":
                fields[name] = names
        elif isinstance(value, int) and abs(value) >= _LONG:
            raise error(name, f"expected a plain value, found {shown(value)}")
        else:
            is_path = isinstance(value, os.PathLike)
            fields[_RENAMED.get(name, name)] = os.fspath(value) if is_path else value
    return _dumps(fields, arguments, error) if fields else "{}"


def c_text(name: str, text: str, error: Type[RefusedError], code: Code) -> bytes:
    """Text as C takes it. A NUL would silently end it, and is refused."""
    if not isinstance(text, str):
        raise error(code, f"{name}: expected a str, found {_kind(text)}")
    if "\0" in text:
        raise error(code, f"{name}: expected no NUL character")
    # The library refuses what is not Unicode, and names it.
    return text.encode("utf-8", "surrogatepass")


def session_id(text: str) -> bytes:
    """A session's id as C takes it."""
    if not isinstance(text, str):
        problem = f"session_id: expected a str, found {_kind(text)}"
        raise ArgumentError(Code.INVALID_SESSION_ID, problem)
    # A NUL would silently end it, and of one that is too long the library says how C has it. It
    # refuses what is put in its place.
    is_for_c = "\0" not in text and len(text) <= MAX_SESSION_ID
    return (text if is_for_c else "\ufffd").encode("utf-8", "surrogatepass")


def _problem_of_session_id(text: str) -> Optional[str]:
    """Why a session's id cannot be used. No more than one character of it is shown."""
    expected = f"expected 1 to {MAX_SESSION_ID} characters of [A-Za-z0-9_-]"
    if not 1 <= len(text) <= MAX_SESSION_ID:
        return f"{expected}, found {len(text)} characters"
    unusable = _UNUSABLE_IN_SESSION_ID.search(text)
    if unusable is None:
        return None
    character = "the NUL character" if unusable[0] == "\0" else ascii(unusable[0])
    return f"{expected}, found {character} at index {unusable.start()}"


def instance(name: str, value: object, expected: Type[object], hint: str = "") -> None:
    """Raises a ``TypeError`` unless the value is an object of this package's class."""
    if not isinstance(value, expected):
        what = f"a flexcancel.{expected.__name__}"
        found = value.__name__ + " itself" if isinstance(value, type) else _kind(value)
        raise TypeError(f"{name}: expected {what}, found {found}{hint}")


def refused_outcome(arguments: Mapping[str, Any]) -> Outcome:
    """What may be said of a cancel whose arguments never came to the library."""
    # Doubt without a key is what is left of a repetition.
    is_in_doubt = arguments.get("in_doubt") is True or (
        isinstance(arguments.get("idempotency_key"), str) and arguments.get("in_doubt") is not False
    )
    return Outcome.UNKNOWN if is_in_doubt else Outcome.NOT_APPLIED


def checked(result: R, arguments: Mapping[str, Any], session_id: str = "") -> R:
    """The result, unless it says that the arguments were refused: that is an exception."""
    refusal = _REFUSALS.get(result.code)
    if refusal is None:
        return result
    message = _NOT_LIVE.sub(r"\1: it is closed", in_seconds(result.message, arguments))
    if result.code is Code.INVALID_SESSION_ID:
        problem = _problem_of_session_id(session_id)
        message = message if problem is None else f"session_id: {problem}"
    raise refusal(result.code, message, result)


def in_seconds(message: str, arguments: Mapping[str, Any]) -> str:
    """The library's message, with the names and values that the caller wrote."""

    def rewrite(found: re.Match[str]) -> str:
        name = _NAMES.get(found[1], "")
        if name not in arguments:
            return found[0]
        minimum, maximum = (f"{int(bound) / 1000:.15g}" for bound in (found[2], found[3]))
        expected = f"expected a number of seconds from {minimum} to {maximum}"
        return f"{name}: {expected}, found {shown(arguments[name])}"

    for ours, theirs in _RENAMED.items():
        if ours in arguments:
            message = re.sub(rf"^{theirs}:", f"{ours}:", message)
    return _OUT_OF_BOUNDS.sub(rewrite, message)


def _config_error(name: str, problem: str) -> RefusedError:
    return ConfigError(Code.INVALID_CONFIG, f"{name}: {problem}")


def _argument_error(name: str, problem: str) -> RefusedError:
    return ArgumentError(Code.INVALID_ARGUMENT, f"{name}: {problem}")


def _names(name: str, value: Any, error: Any) -> List[Any]:
    if isinstance(value, (str, bytes)):
        raise error(name, "expected a list of names, found one text")
    if not isinstance(value, Iterable):
        raise error(name, f"expected a list of names, found {_kind(value)}")
    return list(value)


def _milliseconds(name: str, value: Any, error: Any) -> int:
    expected = "expected a number of seconds"
    if name == "asked_at":
        expected = "expected an aware datetime, or seconds since 1970"
        if isinstance(value, datetime) and value.utcoffset() is not None:
            value = value.timestamp()
        elif isinstance(value, datetime):
            raise error(name, f"{expected}, found a naive datetime (without tzinfo)")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise error(name, f"{expected}, found {_kind(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise error(name, f"{expected}, found {value}")
    # The library refuses what is out of bounds, and the caller's own value is shown then.
    milliseconds = round(max(-_FAR, min(value, _FAR)) * 1000)
    # A time below one millisecond is not zero.
    return 1 if milliseconds == 0 and value > 0 else milliseconds


def _dumps(fields: Mapping[str, Any], arguments: Mapping[str, Any], error: Any) -> str:
    try:
        text = _encode(fields)
        text.encode()
        return text
    except (TypeError, ValueError, RecursionError):
        for name in arguments:
            _check_value(name, fields.get(_RENAMED.get(name, name)), error)
        raise


def _check_value(name: str, value: Any, error: Any) -> None:
    """Raises for a value that JSON cannot express."""
    try:
        _encode(value).encode()
        return
    except UnicodeEncodeError:
        problem = "expected UTF-8"
    except (TypeError, ValueError, RecursionError):
        if name in _LISTS:
            problem = "expected a list of names"
        else:
            found = value if isinstance(value, float) else _kind(value)
            problem = f"expected a plain value, found {found}"
    raise error(name, problem)


def shown(number: Any) -> str:
    """A number as the caller wrote it. Python refuses to write an ``int`` of very many digits."""
    if isinstance(number, int) and abs(number) >= _LONG:
        return "a number of more than 30 digits"
    return repr(number)


def _kind(value: object) -> str:
    """A value's type. The value itself may be a secret in the wrong place."""
    return type(value).__name__
