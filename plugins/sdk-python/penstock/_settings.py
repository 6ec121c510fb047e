"""The settings that the host's configuration gives to a plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class Setting(Generic[T]):
    """A setting that a handler declares, and reads as an attribute of this name. ``parse`` makes
    something of its text; what it raises is what is wrong with it."""

    def __init__(
        self,
        name: str,
        doc: str,
        *,
        required: bool,
        default: str | None,
        parse: Callable[[str], Any],
    ) -> None:
        self.name = name
        self.doc = doc
        self.is_required = required
        self.default = default
        self.parse = parse

    @overload
    @staticmethod
    def required(name: str, doc: str) -> Setting[str]: ...
    @overload
    @staticmethod
    def required(name: str, doc: str, parse: Callable[[str], T]) -> Setting[T]: ...
    @staticmethod
    def required(name: str, doc: str, parse: Callable[[str], Any] = str) -> Setting[Any]:
        """It must be given."""
        return Setting(name, doc, required=True, default=None, parse=parse)

    @overload
    @staticmethod
    def optional(name: str, doc: str) -> Setting[str | None]: ...
    @overload
    @staticmethod
    def optional(name: str, doc: str, parse: Callable[[str], T]) -> Setting[T | None]: ...
    @staticmethod
    def optional(name: str, doc: str, parse: Callable[[str], Any] = str) -> Setting[Any]:
        """Without it, it is None."""
        return Setting(name, doc, required=False, default=None, parse=parse)

    @overload
    @staticmethod
    def with_default(name: str, doc: str, default: str) -> Setting[str]: ...
    @overload
    @staticmethod
    def with_default(
        name: str, doc: str, default: str, parse: Callable[[str], T]
    ) -> Setting[T]: ...
    @staticmethod
    def with_default(
        name: str, doc: str, default: str, parse: Callable[[str], Any] = str
    ) -> Setting[Any]:
        """Without it, it is what ``default`` means."""
        return Setting(name, doc, required=False, default=default, parse=parse)

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self
        return vars(instance)["_settings"].get(self.name)


def read(
    declared: Iterable[Setting[Any]], given: Iterable[tuple[str, str]]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The settings as declared, and what is wrong with those given: names and problems."""
    of_name = {setting.name: setting for setting in declared}
    texts = dict(given)
    knows = f"this plugin knows: {', '.join(of_name)}" if of_name else "this plugin has no settings"
    problems = [(name, f"unknown setting; {knows}") for name in texts if name not in of_name]
    settings = {}
    for name, setting in of_name.items():
        text = texts.get(name, setting.default)
        if text is None:
            if setting.is_required:
                problems.append((name, f"must be given: {setting.doc}"))
            continue
        try:
            settings[name] = setting.parse(text)
        except Exception as error:
            problems.append((name, str(error)))
    return settings, problems
