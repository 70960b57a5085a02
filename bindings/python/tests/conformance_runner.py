"""Makes the calls of the conformance vectors, for the driver in ``tests/conformance.rs``.

Reads one call a line (OPERATION, CONFIG_JSON, SESSION_ID, OPTIONS_JSON, ABORT; between tabs) and
answers each with one line (OUTCOME_NUMBER, CODE_NUMBER, RESULT_JSON): what the typed objects hold,
written back.
"""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from typing import Any, Union

from flexcancel import AbortToken, Cancellation, Client, Code, Outcome, RefusedError, Retrieval
from flexcancel._library import native
from flexcancel.session import CheckoutSession, SessionFieldError

#: Keys in milliseconds, and the arguments in seconds that stand for them.
SECONDS = {
    "asked_at_ms": "asked_at",
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
    "connect_attempts",
    "max_attempts",
    "mode",
    "proxy",
    "rate_per_second",
    "trust",
    "user_agent",
    "verify",
}
OPTIONS = {"expand", "idempotency_key", "in_doubt", "max_attempts", "verify"}


def numbers(name_of: Any) -> dict[str, int]:
    """The library's numbers, by their names."""
    return {name.decode(): number for number in range(1000) if (name := name_of(number))}


OUTCOMES, CODES = numbers(native.outcome_name), numbers(native.code_name)


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


def call(
    operation: str, config: str, session_id: str, options: str, abort: str
) -> Union[Cancellation, Retrieval]:
    token = None
    if abort == "before":
        token = AbortToken()
        token.trigger()
    with open_client(config) as client:
        given = arguments(options, OPTIONS) if options else {}
        if operation == "cancel":
            return client.cancel(session_id, abort=token, **given)
        return client.retrieve(session_id, abort=token, **given)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def written(result: Union[Cancellation, Retrieval]) -> dict[str, Any]:
    """A result written back, with the names of ``docs/RESULT.md``."""
    error = result.provider_error
    canceled = result if isinstance(result, Cancellation) else None
    repeat = None if canceled is None else canceled.repeat
    return {
        "outcome": str(result.outcome),
        "code": str(result.code),
        "hold": str(result.hold),
        "message": result.message,
        "advice": result.advice,
        "retryable": result.retryable,
        "session_id": result.session_id,
        "idempotency_key": None if canceled is None else canceled.idempotency_key,
        "repeat": None
        if repeat is None
        else {
            "idempotency_key": repeat["idempotency_key"],
            "in_doubt": repeat["in_doubt"],
            "asked_at_ms": milliseconds(repeat["asked_at"]),
        },
        "elapsed_ms": milliseconds(result.elapsed),
        "http_status": result.http_status,
        "retry_after_ms": None if result.retry_after is None else milliseconds(result.retry_after),
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
                "elapsed_ms": milliseconds(attempt.elapsed),
                "request_id": attempt.request_id,
                "count": attempt.count,
                "first_ms": milliseconds(attempt.first),
                "last_ms": milliseconds(attempt.last),
            }
            for attempt in result.attempts
        ],
        "checkout_session": None
        if result.session is None
        else spelled(written_session(result.session), spelling(result.json)),
        "outbox": result.raw["outbox"],
    }


def written_session(session: CheckoutSession) -> dict[str, Any]:
    """What the typed session holds; as it came where a field is not of its documented type."""
    try:
        return session.to_dict()
    except SessionFieldError:
        return dict(session.raw)


class Spelled(Decimal):
    """A number, and how it is spelled: a ``Decimal`` does not keep ``1e5`` apart from ``1E+5``."""

    text: str

    def __new__(cls, text: str) -> Spelled:
        number = super().__new__(cls, text)
        number.text = text
        return number


def spelling(text: str) -> Any:
    return json.loads(text, parse_float=Spelled)["checkout_session"]


def spelled(value: Any, spelling: Any) -> Any:
    """A typed value with Flex's spelling of each number whose digits it has kept."""
    if isinstance(value, dict) and isinstance(spelling, dict):
        return {name: spelled(item, spelling.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(spelling, list) and len(value) == len(spelling):
        return [spelled(*pair) for pair in zip(value, spelling)]
    has_same_digits = isinstance(spelling, Spelled) and str(value) == str(Decimal(spelling.text))
    return spelling if has_same_digits else value


def dumps(value: Any) -> str:
    """Writes JSON; a ``Decimal`` as its digits."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(key)}:{dumps(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, Spelled):
        return value.text
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


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
        theirs = {ours: theirs for theirs, ours in SECONDS.items()}.get(name[1], name[1])
        value = refusal(outcome, code, f"{theirs}: expected no such argument")
    return f"{OUTCOMES[outcome]}\t{CODES[code]}\t{dumps(value)}"


def main() -> None:
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    for line in sys.stdin:
        print(answer(line.rstrip("\n")), flush=True)


if __name__ == "__main__":
    main()
