"""Records: read-only views of JSON objects with typed fields, which are read on access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Generic,
    Iterator,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
    overload,
)

from .._enums import OpenEnum
from .._errors import FlexcancelError

T = TypeVar("T")
R = TypeVar("R", bound="Record")
W = TypeVar("W", bound=OpenEnum)

#: Reads a JSON value that stands at a path.
Reader = Callable[[Any, str], T]


class SessionFieldError(FlexcancelError, TypeError):
    """A documented field of the session has another type than the documented one.

    Raised when the field is read. The outcome does not depend on it, and ``raw`` has the value.
    """


def wrong_type(path: str, expected: str, found: object) -> SessionFieldError:
    """Names the field, not the value, which may be the shopper's."""
    names = {bool: "a boolean", str: "a string", int: "an integer", dict: "an object"}
    name = names.get(type(found), "a list" if isinstance(found, list) else "a decimal number")
    return SessionFieldError(f"{path}: expected {expected}, found {name}")


class Field(Generic[T]):
    """A documented field of a record: ``None`` where it is absent or null."""

    def __init__(self, read: Reader[T], doc: str) -> None:
        self.read = read
        self.name = ""
        self.__doc__ = doc

    def __set_name__(self, owner: Type[Record], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, record: None, owner: Type[Record]) -> Field[T]: ...

    @overload
    def __get__(self, record: Record, owner: Type[Record]) -> Optional[T]: ...

    def __get__(
        self, record: Optional[Record], owner: Type[Record]
    ) -> Union[Field[T], Optional[T]]:
        if record is None:
            return self
        value = record.raw.get(self.name)
        return None if value is None else self.read(value, record.path + self.name)


class Record:
    """A read-only view of a JSON object."""

    __slots__ = ("path", "raw")

    raw: Mapping[str, Any]
    """The object as it was read. Fractions are ``Decimal``."""
    path: str
    """Where the object stands in its session, for error messages."""

    def __init__(self, raw: Mapping[str, Any], path: str = "") -> None:
        if not isinstance(raw, dict):
            raise wrong_type(path.rstrip(".") or "session", "an object", raw)
        self.raw = raw
        self.path = path

    @classmethod
    def fields(cls) -> Iterator[str]:
        """The names of the documented fields."""
        return (name for name, value in vars(cls).items() if isinstance(value, Field))

    @property
    def other(self) -> Dict[str, Any]:
        """The fields that are not documented, as they came."""
        return {
            name: value
            for name, value in self.raw.items()
            if not isinstance(vars(type(self)).get(name), Field)
        }

    def to_dict(self) -> Dict[str, Any]:
        """The record as a dictionary, from its typed fields and those that are not documented."""
        found = {name: _plain(getattr(self, name)) for name in self.fields() if name in self.raw}
        return {**found, **self.other}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.raw == other.raw

    def __repr__(self) -> str:
        # The shopper's address and e-mail are kept out of logs.
        return f"<{type(self).__name__} of {len(self.raw)} fields>"


@dataclass(frozen=True)
class Expandable(Generic[T]):
    """A related object: its id, or the object itself where the call asked to expand it."""

    id: Optional[str]
    """The id as it came; ``None`` for an object that has none in a documented field."""
    object: Optional[T]
    """The object, if it came expanded."""


def _typed(kind: Type[T], expected: str) -> Reader[T]:
    def read(value: Any, path: str) -> T:
        if type(value) is kind:
            return value
        raise wrong_type(path, expected, value)

    return read


text = _typed(str, "a string")
integer = _typed(int, "an integer")
boolean = _typed(bool, "a boolean")
#: An object whose fields are the seller's own.
mapping: Reader[Dict[str, Any]] = _typed(dict, "an object")


def anything(value: Any, _path: str) -> Any:
    """Any value."""
    return value


def word(kind: Type[W]) -> Reader[W]:
    """A string of a list that may grow."""
    return lambda value, path: kind(text(value, path))


def record(kind: Type[R]) -> Reader[R]:
    """A record."""
    return lambda value, path: kind(value, path + ".")


def list_of(read: Reader[T]) -> Reader[Tuple[T, ...]]:
    """A list."""

    def read_list(value: Any, path: str) -> Tuple[T, ...]:
        if type(value) is not list:
            raise wrong_type(path, "a list", value)
        return tuple(read(item, f"{path}.{index}") for index, item in enumerate(value))

    return read_list


def expandable(kind: Type[R]) -> Reader[Expandable[R]]:
    """An id or an object."""

    def read_either(value: Any, path: str) -> Expandable[R]:
        if type(value) is str:
            return Expandable(value, None)
        if type(value) is not dict:
            raise wrong_type(path, "an id (string) or an object", value)
        found = kind(value, path + ".")
        return Expandable(getattr(found, "id", None), found)

    return read_either


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, Expandable):
        return value.id if value.object is None else _plain(value.object)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, OpenEnum) else value
