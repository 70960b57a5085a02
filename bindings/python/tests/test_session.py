"""The typed session: every documented field, and whatever else Flex writes."""

from __future__ import annotations

import json
import pickle
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flexcancel import Client
from flexcancel import session as module
from flexcancel._json import decode
from flexcancel.session import (
    CheckoutSession,
    Expandable,
    OpenObject,
    PaymentIntent,
    Record,
    SessionFieldError,
    SessionStatus,
)

from .sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "tests/data").glob("response-*.json"))


def read(text: str) -> CheckoutSession:
    return CheckoutSession(decode(text))


def rust_records() -> dict[str, list[tuple[str, str]]]:
    """The records of src/api/session, each with the names and Rust types of its fields."""
    found = {}
    for path in (ROOT / "src/api/session").glob("*.rs"):
        text = path.read_text(encoding="utf-8")
        for body in re.findall(r"^record! \{\n(.*?)\n\}", text, re.M | re.S):
            name = re.search(r"pub struct (\w+)", body)
            assert name is not None
            found[name[1]] = re.findall(r"pub (?:r#)?(\w+): Option<(.*)>,", body)
    return found


def example_of(rust_type: str) -> tuple[Any, Any]:
    """A JSON value of a Rust type, and one of another type."""
    plain: dict[str, tuple[Any, Any]] = {
        "String": ("text", 1),
        "i64": (7, "7"),
        "bool": (True, 1),
        "Value": ({"any": [1]}, None),
        "Map<String, Value>": ({"a": 1}, []),
    }
    if rust_type in plain:
        return plain[rust_type]
    inner = re.fullmatch(r"(Vec|Expandable)<(.*)>", rust_type)
    if inner is None:
        # A record, or a word of a list.
        return ({}, 5) if rust_type in rust_records() else ("word", 5)
    return ([example_of(inner[2])[0]], {}) if inner[1] == "Vec" else ("id_1", 5)


def test_every_record_and_field_is_that_of_the_core() -> None:
    records = rust_records()
    assert len(records["CheckoutSession"]) == 47
    for name, fields in records.items():
        record: type[Record] = getattr(module, name)
        assert list(record.fields()) == [field for field, _ in fields], name


def test_given_each_field_when_it_has_another_type_then_the_error_names_it() -> None:
    for name, fields in rust_records().items():
        record: type[Record] = getattr(module, name)
        for field, rust_type in fields:
            good, bad = example_of(rust_type)
            written = record({field: good}).to_dict()
            assert written == {field: good}, f"{name}.{field}"
            assert getattr(record({}), field) is None
            assert getattr(record({field: None}), field) is None
            if bad is not None:
                with pytest.raises(SessionFieldError, match=f"^{field}: expected "):
                    getattr(record({field: bad}), field)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_given_flex_s_own_example_then_each_field_is_typed_and_written_back(path: Path) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))["checkout_session"]
    session = read(json.dumps(raw))
    assert session.other == {}
    assert session.to_dict() == raw
    assert set(raw) == set(CheckoutSession.fields())
    assert session.status is SessionStatus.OPEN
    assert session.total_details is not None
    assert session.total_details.amount_fee == 0


def test_given_what_flex_adds_later_then_it_is_kept() -> None:
    session = read(
        '{"status":"frozen","new":{"a":[1,null]},"payment_intent":{"payment_intent_id":"fpi_1",'
        '"status":"melted","newer":1},"captures":["fcap_1",{"id":"fcap_2"}],"mode":"OPEN"}'
    )
    assert session.status == "frozen"
    assert session.status is not None
    assert not session.status.is_documented
    assert f"{session.status}" == "frozen"
    assert pickle.loads(pickle.dumps(session.status)) == "frozen"
    assert session.mode is not None
    assert not session.mode.is_documented
    assert session.other == {"new": {"a": [1, None]}}
    intent = session.payment_intent
    assert isinstance(intent, Expandable)
    assert intent.id == "fpi_1"
    assert isinstance(intent.object, PaymentIntent)
    assert intent.object.status == "melted"
    assert intent.object.other == {"newer": 1}
    first, second = session.captures or ()
    assert (first.id, first.object) == ("fcap_1", None)
    assert second.id is None
    assert isinstance(second.object, OpenObject)
    assert second.object.other == {"id": "fcap_2"}
    assert session.to_dict() == session.raw


def test_given_big_and_decimal_numbers_then_no_digit_is_lost() -> None:
    huge = "9" * 6000
    session = read(
        '{"amount_total":123456789012345678901234567890,"rate":0.10000000000000000000000001,'
        f'"price":1.50,"far":[1E400,-0.0,1e-400],"beyond":1e9999999999999999999,"huge":{huge}}}'
    )
    assert session.amount_total == 123456789012345678901234567890
    assert str(session.other["rate"]) == "0.10000000000000000000000001"
    assert str(session.other["price"]) == "1.50"
    assert session.other["far"] == [Decimal("1E400"), Decimal("-0.0"), Decimal("1e-400")]
    assert session.other["beyond"] == float("inf")
    assert session.other["huge"] == Decimal(huge)
    assert pickle.loads(pickle.dumps(session)).to_dict() == session.raw


def test_given_a_decimal_amount_then_it_is_an_error_and_not_rounded() -> None:
    session = read('{"amount_total":49.99,"tax_rate":{"amount":"7"},"fees":[{"amount":true}]}')
    with pytest.raises(SessionFieldError, match="amount_total: expected an integer, found a dec"):
        _ = session.amount_total
    with pytest.raises(SessionFieldError, match=r"tax_rate\.amount: .* found a string"):
        _ = session.tax_rate and session.tax_rate.amount
    with pytest.raises(SessionFieldError, match=r"fees\.0\.amount: .* found a boolean"):
        _ = [fee.amount for fee in session.fees or ()]


def test_a_session_is_read_only_and_its_repr_shows_nobody_s_address() -> None:
    session = read('{"defaults":{"email":"nobodymaysee@example.com"}}')
    assert session == read('{"defaults":{"email":"nobodymaysee@example.com"}}')
    assert "nobodymaysee" not in repr(session) + repr(session.defaults)
    with pytest.raises(AttributeError):
        session.status = None  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(session)) == session


def test_given_a_cancel_then_the_json_holds_the_session_in_flex_s_own_text(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held(metadata={"checkout_session": "a trap"})
    sandbox.fault("big_numbers")
    result = client.cancel(session_id)
    assert '"checkout_session":{' in result.json
    assert result.session is not None
    assert (
        result.session.to_dict()
        == result.raw["checkout_session"]
        == decode(result.json)["checkout_session"]
    )
    assert result.session.metadata == {"checkout_session": "a trap"}
