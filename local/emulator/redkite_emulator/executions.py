"""What the Step Functions gaps share: knowing that the work on this thread is no longer wanted, and waiting for it.

MiniStack runs an execution on a thread that sleeps and blocks without looking up. The code here gives each such thread
a list of conditions under which it must end (its execution was stopped or timed out, a sibling branch failed, its task
timed out), and one condition variable that every change of an execution notifies.
"""

import contextvars
import threading
import time

from ministack.services import stepfunctions as SF

changed = threading.Condition()
_stops = contextvars.ContextVar("redkite_sfn_stops", default=())


class Signal(threading.Event):
    """An event whose `set` also wakes whoever waits in `wait_until`."""

    def set(self):
        super().set()
        notify()


def notify():
    with changed:
        changed.notify_all()


def stopped():
    """Whether the work that this thread does is no longer wanted."""
    return any(check() for check in _stops.get())


def run_only_while(execution):
    """This thread works for `execution` and for nothing above it: a nested execution outlives its caller's thread."""
    _stops.set((lambda: execution["status"] != "RUNNING",))


def also_stopped_by(event):
    """A copy of this thread's context in which the work also ends when `event` is set."""
    context = contextvars.copy_context()
    context.run(_stops.set, (*_stops.get(), event.is_set))
    return context


def raise_if_stopped():
    if stopped():
        raise SF._ExecutionError("Redkite.Stopped", "The execution, or the branch this state is in, has ended.")


def wait_until(condition, deadline=None):
    """Waits for `condition`, for this thread's work to be stopped, or for the deadline (time.monotonic)."""
    with changed:
        while not condition() and not stopped():
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                return
            changed.wait(remaining)
