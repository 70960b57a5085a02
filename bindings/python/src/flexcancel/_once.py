"""Properties that are worked out when they are first asked for."""

from __future__ import annotations

from typing import Any, Callable, Generic, Optional, Type, TypeVar, Union, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 -- a decorator
    """As ``functools.cached_property``, which takes a lock before Python 3.12.

    Of threads that ask for the first time at once each may work it out: to the same value.
    """

    def __init__(self, read: Callable[[Any], T]) -> None:
        self.read = read
        self.name = read.__name__
        self.__doc__ = read.__doc__

    @overload
    def __get__(self, instance: None, owner: Type[Any]) -> once[T]: ...

    @overload
    def __get__(self, instance: object, owner: Type[Any]) -> T: ...

    def __get__(self, instance: Optional[object], owner: Type[Any]) -> Union[once[T], T]:
        if instance is None:
            return self
        value = self.read(instance)
        vars(instance)[self.name] = value
        return value
