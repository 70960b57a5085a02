"""The API key that the command line is given. It is never shown."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from typing import Any, Dict, Optional

from . import _cli_input

DEFAULT_ENV = "FLEX_API_KEY"


@dataclass(frozen=True)
class Key:
    """Where the key comes from, and the mode that it is for, if it tells."""

    source: str
    is_present: bool
    mode: Optional[str]


def settings(options: argparse.Namespace) -> Dict[str, Any]:
    """What the file of ``--config`` says. Empty without it, or if it is no JSON object."""
    if options.config is None:
        return {}
    try:
        found = json.loads(options.config_text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def key(options: argparse.Namespace) -> Key:
    """The key of the options. Raises ``UsageError`` if its file cannot be read."""
    config = settings(options)
    key_file = config.get("api_key_file", options.key_file)
    if config.get("api_key") is not None:
        source, value = f"{options.config}", str(config["api_key"])
    elif key_file is not None:
        source, value = f"the file {key_file}", _cli_input.read(key_file)
    else:
        name = config.get("api_key_env", options.key_env) or DEFAULT_ENV
        source, value = f"the variable {name}", os.environ.get(name, "")
    return Key(source, bool(value.strip()), config.get("mode") or _mode(value.strip()))


def _mode(value: str) -> Optional[str]:
    if value.startswith("fsk_"):
        return "test" if value.startswith("fsk_test_") else "live"
    return None
