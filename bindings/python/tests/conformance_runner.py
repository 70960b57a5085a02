"""Makes the calls of the conformance vectors, for the driver in ``tests/conformance.rs``.

Reads one call a line (OPERATION, CONFIG_JSON, SESSION_ID, OPTIONS_JSON, ABORT; between tabs) and
answers each with one line (OUTCOME_NUMBER, CODE_NUMBER, RESULT_JSON): what the typed objects hold,
written back.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from typing import Any

from flexcancel import AbortToken, Cancellation, Client, Code, Outcome, RefusedError
from flexcancel.session import CheckoutSession, SessionFieldError
from flexcancel.session._json import dumps

#: Keys in milliseconds, and the arguments in seconds that stand for them.
SECONDS = {
    "connect_timeout_ms": "connect_timeout",
    "dns_ttl_ms": "dns_ttl",
    "max_idle_ms": "max_idle",
    "timeout_ms": "timeout",
}
ARGUMENTS = {
    "api_key",
    "api_key_env",
    "api_key_file",
    "base_url",
    "ca_file",
    "max_attempts",
    "mode",
    "proxy",
    "trust",
    "user_agent",
    "verify",
}
OPTIONS = {"asked_at_ms", "expand", "idempotency_key", "in_doubt", "max_attempts", "verify"}


class Untyped(Exception):
    """JSON that the typed arguments cannot say."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a repeated key, which Python's arguments cannot say."""
    if len(dict(pairs)) != len(pairs):
        raise Untyped
    return dict(pairs)


def arguments(text: str, known: set[str]) -> dict[str, Any]:
    """The typed arguments that say the same as a JSON object."""
    try:
        fields = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError:
        raise Untyped from None
    if not isinstance(fields, dict):
        raise Untyped
    found = {}
    for key, value in fields.items():
        if key in SECONDS and type(value) is int:
            found[SECONDS[key]] = value / 1000
        elif key in known and value is not None:
            found[key] = value
        else:
            raise Untyped
    return found


def open_client(config: str) -> Client:
    try:
        return Client(**arguments(config, ARGUMENTS))
    except Untyped:
        return Client.from_json(config)


def call(operation: str, config: str, session_id: str, options: str, abort: str) -> Cancellation:
    token = None
    if abort == "before":
        token = AbortToken()
        token.trigger()
    with open_client(config) as client:
        given = arguments(options, OPTIONS) if options else {}
        if operation == "cancel":
            return client.cancel(session_id, abort=token, **given)
        return client.retrieve(session_id, abort=token, **given)


def written(result: Cancellation) -> dict[str, Any]:
    """A result written back, with the names of ``docs/RESULT.md``."""
    error = result.provider_error
    return {
        "outcome": str(result.outcome),
        "code": str(result.code),
        "hold": str(result.hold),
        "message": result.message,
        "advice": result.advice,
        "retryable": result.retryable,
        "session_id": result.session_id,
        "idempotency_key": result.idempotency_key,
        "repeat": result.repeat,
        "elapsed_ms": result.elapsed_ms,
        "http_status": result.http_status,
        "retry_after_ms": result.retry_after_ms,
        "provider_error": None
        if error is None
        else {"code": error.code, "message": error.message, "body": error.body},
        "attempts": [
            {
                "operation": str(attempt.operation),
                "reason": attempt.reason,
                "phase": str(attempt.phase),
                "http_status": attempt.http_status,
                "code": str(attempt.code),
                "elapsed_ms": attempt.elapsed_ms,
                "request_id": attempt.request_id,
            }
            for attempt in result.attempts
        ],
        "checkout_session": None if result.session is None else written_session(result.session),
        "outbox": None if result.outbox is None else dataclasses.asdict(result.outbox),
    }


def written_session(session: CheckoutSession) -> dict[str, Any]:
    """What the typed session holds; as it came where a field is not of its documented type."""
    try:
        return session.to_dict()
    except SessionFieldError:
        return dict(session.raw)


def refusal(outcome: Outcome, code: Code, message: str) -> dict[str, Any]:
    return {"outcome": str(outcome), "code": str(code), "message": message}


def in_milliseconds(message: str) -> str:
    """The message about an argument in seconds, as it is about the key in milliseconds."""

    def rewrite(found: re.Match[str]) -> str:
        least, most = (round(float(bound) * 1000) for bound in found.group(2, 3))
        return f"{found[1]}_ms: expected a whole number from {least} to {most}, found"

    pattern = r"^(\w+): expected a number of seconds from ([\d.]+) to ([\d.]+), found"
    return re.sub(pattern, rewrite, message)


def answer(line: str) -> str:
    operation, config, session_id, options, abort = line.split("\t")
    try:
        result = call(operation, config, session_id, options, abort)
        outcome, code, value = result.outcome, result.code, written(result)
    except RefusedError as error:
        outcome, code = error.outcome, error.code
        value = refusal(outcome, code, in_milliseconds(error.message))
    except TypeError as error:
        # What a method does not take, Python itself refuses.
        name = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if name is None:
            raise
        outcome, code = Outcome.NOT_APPLIED, Code.INVALID_ARGUMENT
        value = refusal(outcome, code, f"{name[1]}: expected no such argument")
    return f"{outcome.number}\t{code.number}\t{dumps(value)}"


def main() -> None:
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    for line in sys.stdin:
        print(answer(line.rstrip("\n")), flush=True)


if __name__ == "__main__":
    main()
