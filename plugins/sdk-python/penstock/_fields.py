"""The fields of a JSON object, checked against a dataclass."""

from __future__ import annotations

import dataclasses
from types import UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from ._failures import Reject

T = TypeVar("T")

_NAMES = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
}


class _Field(NamedTuple):
    name: str
    type: type
    may_be_null: bool
    required: bool


#: Read once: type hints are slow to evaluate.
_shapes: dict[type, tuple[_Field, ...]] = {}


def _shape(of: type[Any]) -> tuple[_Field, ...]:
    if of not in _shapes:
        hints = get_type_hints(of)
        _shapes[of] = tuple(_field(it, hints[it.name]) for it in dataclasses.fields(of))
    return _shapes[of]


def _field(field: dataclasses.Field[Any], hint: Any) -> _Field:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    types = [get_origin(one) or one for one in options if one is not type(None)]
    if len(types) != 1 or types[0] not in _NAMES:
        raise TypeError(f"{field.name}: {hint} is no type of a JSON field")
    missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return _Field(field.name, types[0], len(types) < len(options), missing)


def fields(value: Any, of: type[T]) -> T:
    """See ``Message.into``."""
    if not isinstance(value, dict):
        raise Reject("invalid-event", "expected a JSON object")
    found = {}
    for name, type_, may_be_null, required in _shape(of):
        if name not in value:
            if required:
                raise Reject("invalid-event", f"{name}: missing, expected {_NAMES[type_]}")
            continue
        field = value[name]
        if type(field) is type_ or (field is None and may_be_null):
            found[name] = field
        elif type_ is float and type(field) is int:
            found[name] = float(field)
        else:
            problem = f"expected {_NAMES[type_]}, found {_named(field)}"
            raise Reject("invalid-event", f"{name}: {problem}")
    return of(**found)


def _named(value: Any) -> str:
    if value is None:
        return "null"
    return "a number" if type(value) in (int, float) else _NAMES[type(value)]
