"""The class that a plugin is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from ._failures import SettingError, Skip
from ._host import host
from ._message import Header, Message
from ._settings import Setting, read


class Output:
    """A logical output, an attribute of the handler's class. The host's configuration maps it to a
    topic."""

    def __init__(self, name: str, doc: str) -> None:
        self.name = name
        self.doc = doc
        self.index: int | None = None

    def emit(
        self,
        *,
        key: bytes | str | None = None,
        value: bytes | str | None,
        headers: Iterable[tuple[str, bytes | str | None]] = (),
        timestamp_ms: int | None = None,
    ) -> None:
        """Emits a record. None is Kafka's null, and a value of None a tombstone; without
        ``timestamp_ms``, milliseconds since 1970, the time is the host's to choose."""
        if self.index is None:
            raise RuntimeError(f'the output "{self.name}" is no attribute of a handler\'s class')
        pairs = [Header(name, _bytes(of)) for name, of in headers]
        host().emit(self.index, _bytes(key), _bytes(value), pairs, timestamp_ms)


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


class Handler:
    """A handler: one instance for each topic and worker of the host that needs it. Its outputs and
    settings are attributes of the class."""

    #: The plugin's own name.
    name: ClassVar[str]
    #: The plugin's own version.
    version: ClassVar[str]
    #: Whether it wants the records' headers. They come only when asked for.
    headers: ClassVar[bool] = False

    #: The topic of its records.
    topic: str

    _outputs: ClassVar[tuple[Output, ...]] = ()
    _declared: ClassVar[tuple[Setting[Any], ...]] = ()
    _settings: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        attributes = vars(cls).values()
        own = tuple(it for it in attributes if isinstance(it, Output))
        cls._outputs = (*cls._outputs, *own)
        cls._declared = (*cls._declared, *(it for it in attributes if isinstance(it, Setting)))
        for index, output in enumerate(cls._outputs):
            output.index = index

    def configure(self) -> None:
        """Called once an instance, before the first record, with ``topic`` and the settings there.
        Raise a SettingError where they don't go together."""

    def handle(self, message: Message) -> Skip | None:
        """Handles one record. None is success."""
        raise NotImplementedError


def make(of: type[Handler], topic: str, given: Iterable[tuple[str, str]]) -> Handler:
    """A configured handler. Raises an ExceptionGroup of all that is wrong with its settings."""
    settings, problems = read(of._declared, given)
    if not problems:
        handler = of()
        handler.topic = topic
        handler._settings = settings
        try:
            handler.configure()
        except SettingError as error:
            problems = [(error.name, error.problem)]
        else:
            return handler
    errors = [SettingError(name, problem) for name, problem in problems]
    raise ExceptionGroup("the settings are refused", errors)
