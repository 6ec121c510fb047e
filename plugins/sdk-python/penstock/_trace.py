"""An exception's trace in the author's files and lines."""

from __future__ import annotations

import os
import traceback

_OWN = os.path.dirname(__file__)
_FRAMES_MAX = 32


def message(error: BaseException) -> str:
    """``ValueError: what it says``, and what caused it."""
    text = f"{type(error).__name__}: {error}"
    cause = error.__cause__
    return text if cause is None else f"{text}; caused by {message(cause)}"


def trace(error: BaseException, root: str) -> str:
    """``at name (file:line)``, one a line, the innermost first. Paths below ``root`` are told from
    there on."""
    frames = [it for it in traceback.extract_tb(error.__traceback__) if not _is_own(it.filename)]
    lines = [
        f"at {frame.name} ({frame.filename.removeprefix(root + os.sep)}:{frame.lineno})"
        for frame in reversed(frames)
    ]
    return "\n".join(lines[:_FRAMES_MAX])


def _is_own(path: str) -> bool:
    return os.path.dirname(path) == _OWN
