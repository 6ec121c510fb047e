"""Write Penstock handlers in Python.

A handler gets one Kafka record a call, emits records to its outputs, and answers what became of
it::

    from penstock import Handler, Message, Output, Setting, Skip

    class Shout(Handler):
        name = "shout"
        version = "0.1.0"

        loud = Output("loud", "Each text, in capitals")
        mark = Setting.with_default("mark", "What to end with", "!")

        def handle(self, message: Message) -> Skip | None:
            if message.value is None:
                return Skip("tombstone", "nothing to shout")
            self.loud.emit(key=message.key, value=message.text().upper() + self.mark)

What holds:

- What was emitted is sent when ``handle`` returns None, and dropped when it skips or raises.
- ``Reject`` is for a record that is never going to be handled, ``Retry`` for what may pass by
  itself. Any other exception is a crash: its message, and the trace with your files and lines, are
  in the dead letter.
- The same record may come again. The clock is the record's timestamp, and random numbers are seeded
  by where the record lies: both repeat themselves when the record does.
- ``print`` and ``logging`` write to the host's log.
"""

from . import context
from ._failures import Reject, Retry, SettingError, Skip
from ._handler import Handler, Output
from ._message import Header, Message, Timestamp
from ._settings import Setting

__all__ = [
    "Handler",
    "Header",
    "Message",
    "Output",
    "Reject",
    "Retry",
    "Setting",
    "SettingError",
    "Skip",
    "Timestamp",
    "context",
]

__version__ = "0.1.0"
