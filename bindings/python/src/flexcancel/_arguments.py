"""From Python's arguments to the library's JSON, and its errors back to Python's words.

The library has the bounds. Here stands only what JSON cannot say: seconds, paths, types.
"""

from __future__ import annotations

import json
import math
import os
import re
from typing import Any, Dict, Mapping, Optional, Sequence, Type, Union

from ._errors import ArgumentError, ConfigError, RefusedError
from ._words import Code

PathLike = Union[str, "os.PathLike[str]"]

#: Arguments in seconds, and the library's names of them.
DURATIONS = {
    "timeout": "timeout_ms",
    "connect_timeout": "connect_timeout_ms",
    "max_idle": "max_idle_ms",
    "dns_ttl": "dns_ttl_ms",
}
_NAMES = {theirs: ours for ours, theirs in DURATIONS.items()}

_OUT_OF_BOUNDS = re.compile(r"\b(\w+_ms): expected a whole number from (\d+) to (\d+), found .*")


def config_json(arguments: Mapping[str, Any]) -> str:
    """The configuration as JSON. ``None`` is left out."""
    fields: Dict[str, Any] = {}
    for name, value in arguments.items():
        if value is None:
            continue
        if name in DURATIONS:
            fields[DURATIONS[name]] = _milliseconds(name, value, _config_error)
        elif isinstance(value, os.PathLike):
            fields[name] = os.fspath(value)
        else:
            fields[name] = value
    return _dumps(fields, _config_error)


def options_json(
    expand: Sequence[str],
    timeout: Optional[float],
    idempotency_key: Optional[str],
    max_attempts: Optional[int],
) -> Optional[bytes]:
    """The options of one call as JSON; ``None`` for none."""
    fields: Dict[str, Any] = {}
    if expand:
        if isinstance(expand, (str, bytes)):
            raise _argument_error("expand", "expected a list of names, found one text")
        fields["expand"] = list(expand)
    if timeout is not None:
        fields["timeout_ms"] = _milliseconds("timeout", timeout, _argument_error)
    if idempotency_key is not None:
        fields["idempotency_key"] = idempotency_key
    if max_attempts is not None:
        fields["max_attempts"] = max_attempts
    return _dumps(fields, _argument_error).encode() if fields else None


def c_text(name: str, text: str, error: Type[RefusedError], code: Code) -> bytes:
    """A text as C takes it, where a NUL would silently be its end."""
    if not isinstance(text, str):
        raise error(code, f"{name}: expected a str, found {_kind(text)}")
    if "\0" in text:
        raise error(code, f"{name}: expected no NUL character")
    # What is no Unicode text is refused by the library, by name.
    return text.encode("utf-8", "surrogatepass")


def in_seconds(message: str, arguments: Mapping[str, Any]) -> str:
    """The library's message, about what the caller wrote."""

    def rewrite(found: re.Match[str]) -> str:
        name = _NAMES.get(found[1], "")
        if name not in arguments:
            return found[0]
        least, most = (f"{int(bound) / 1000:g}" for bound in (found[2], found[3]))
        value = arguments[name]
        return f"{name}: expected a number of seconds from {least} to {most}, found {value!r}"

    return _OUT_OF_BOUNDS.sub(rewrite, message)


def _config_error(name: str, problem: str) -> RefusedError:
    return ConfigError(Code.INVALID_CONFIG, f"{name}: {problem}")


def _argument_error(name: str, problem: str) -> RefusedError:
    return ArgumentError(Code.INVALID_ARGUMENT, f"{name}: {problem}")


def _milliseconds(name: str, value: Any, error: Any) -> int:
    expected = "expected a number of seconds"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise error(name, f"{expected}, found {_kind(value)}")
    if not math.isfinite(value):
        raise error(name, f"{expected}, found {value}")
    milliseconds = round(value * 1000)
    # Less than the least is not nothing.
    return 1 if milliseconds == 0 and value > 0 else milliseconds


def _dumps(fields: Mapping[str, Any], error: Any) -> str:
    try:
        return json.dumps(fields)
    except (TypeError, ValueError):
        for name, value in fields.items():
            if not isinstance(value, (str, int, float, list)):
                raise error(name, f"expected a plain value, found {_kind(value)}") from None
        raise error("expand", "expected a list of names") from None


def _kind(value: object) -> str:
    """A value's type. The value itself may be a secret in the wrong place."""
    return type(value).__name__
