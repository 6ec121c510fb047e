"""A record, as a handler gets it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

from ._failures import Reject
from ._fields import fields

T = TypeVar("T")


class Header(NamedTuple):
    """A header. Order and duplicates are kept; None is Kafka's null."""

    name: str
    value: bytes | None


class Timestamp(NamedTuple):
    """When a record was made, in milliseconds since 1970, and who said so."""

    kind: Literal["unknown", "create-time", "log-append-time"]
    ms: int | None


@dataclass(frozen=True, slots=True)
class Message:
    """One record. Its topic is the handler's ``topic``."""

    #: The partition's number, from 0.
    partition: int
    #: The record's offset in its partition.
    offset: int
    #: When it was made.
    timestamp: Timestamp
    #: None is a null key, which differs from an empty one.
    key: bytes | None
    #: None is a tombstone, which differs from an empty value.
    value: bytes | None
    #: Empty unless the handler says ``headers = True``.
    headers: tuple[Header, ...] = ()

    def text(self) -> str:
        """The value as text. Raises a Reject, ``invalid-event``, where it is none."""
        if self.value is None:
            raise Reject("invalid-event", "a tombstone has no text")
        try:
            return self.value.decode()
        except UnicodeDecodeError as error:
            raise Reject("invalid-event", f"not UTF-8: {error.reason}") from error

    def json(self) -> Any:
        """The value as JSON. Raises a Reject, ``invalid-event``, where it is none."""
        try:
            return json.loads(self.text())
        except (json.JSONDecodeError, RecursionError) as error:
            raise Reject("invalid-event", f"not JSON: {error}") from error

    def into(self, shape: type[T]) -> T:
        """The value's fields as a dataclass. Fields may be of type str, int, float, bool, list,
        dict, or one of these ``| None`` with a default; others of the value are ignored. Raises a
        Reject, ``invalid-event``, that names the field and what was expected."""
        return fields(self.json(), shape)

    def header(self, name: str) -> bytes | None:
        """The value of the last header of this name; None where there is none, or it is null."""
        found = (header.value for header in reversed(self.headers) if header.name == name)
        return next(found, None)
