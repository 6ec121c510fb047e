"""What else than success may become of a record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Skip:
    """To be returned: deliberately nothing is done. What was emitted is dropped, and the skip is
    counted under ``code`` (``[a-z0-9-]{1,64}``)."""

    code: str
    text: str


class Reject(Exception):
    """To be raised: this record is never going to be handled. It goes to the dead letters, under
    ``code`` (``[a-z0-9-]{1,64}``)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Retry(Exception):
    """To be raised: what failed may pass by itself. The host calls again, after its backoff and not
    before ``after_ms`` milliseconds have passed; when that is exhausted, the record goes to the
    dead letters."""

    def __init__(self, code: str, text: str, *, after_ms: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.after_ms = after_ms


class SettingError(Exception):
    """To be raised by ``configure``: what is wrong with the setting ``name``."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem
