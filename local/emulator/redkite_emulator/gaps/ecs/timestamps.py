"""ECS: times to the millisecond.

AWS: `stoppedAt` and the like are seconds with a fraction, in an answer as in an event.
MiniStack: cuts them to whole seconds in answers, so that a task which failed within the second of its start is said to
have failed before it, and belongs to an earlier attempt.
Filled: the fraction stays.
"""

from datetime import datetime

from ministack.services import ecs

from ...patching import replaces

GAP = "ecs.timestamps"


@replaces(GAP, ecs, "_ts_to_epoch", ("value",))
def ts_to_epoch(original, value):
    seconds = original(value)
    if not isinstance(value, str) or isinstance(seconds, str):
        return seconds
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
