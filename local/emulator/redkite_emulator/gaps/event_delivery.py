"""EventBridge: events that the services themselves emit.

AWS: services put `aws.*` events on the default bus; PutEvents with such a source is refused.
MiniStack: refuses too, and delivers to the targets before it goes on.
Filled: `publish` hands the event to one thread that delivers in order, so that a slow target holds nobody up; tests
may put any event on the bus with POST /_redkite/events (they deliver duplicates and late ones).
"""

import contextvars
import json
import logging
import queue
import threading

from ministack.core.responses import get_account_id, request_scope
from ministack.services import eventbridge as EB

from .. import admin
from ..patching import expect

GAP = "event_delivery"
logger = logging.getLogger("redkite")
_put_events = expect(GAP, EB, "_put_events", ("data", "allow_aws_source"))
_pending = queue.SimpleQueue()


def _deliver():
    while True:
        context, entries = _pending.get()
        try:
            context.run(_put_events, {"Entries": entries}, allow_aws_source=True)
        except Exception:
            logger.exception("an event could not be delivered: %s", entries)


threading.Thread(target=_deliver, daemon=True, name="redkite-events").start()


def publish(source, detail_type, detail, resources):
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": resources}
    _pending.put((contextvars.copy_context(), [entry]))


@admin.route("POST", "/_redkite/events")
async def put_events(_query, body):
    """`{"Entries": [...]}` as PutEvents takes them; a `Detail` may be an object."""
    entries = [
        {**entry, "Detail": entry["Detail"] if isinstance(entry["Detail"], str) else json.dumps(entry["Detail"])}
        for entry in body["Entries"]
    ]
    with request_scope(get_account_id(), admin.region()):
        _pending.put((contextvars.copy_context(), entries))
    return {"accepted": len(entries)}
