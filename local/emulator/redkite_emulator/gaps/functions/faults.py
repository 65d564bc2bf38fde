"""Lambda: calls that fail, and functions that die, because a test wants them to.

AWS: the Fault Injection Service fails a share of a function's calls (action aws:lambda:invocation-error). An execution
environment may end in the middle of a call (out of memory, a host that fails).
MiniStack: has no such service.
Filled: POST /_redkite/faults `{"function": <name>, "every": <n>, "containing": <text>}` fails each n-th of the function's
calls whose event has the text in it, before its code runs and whoever calls it; 0 ends that. Counted, not drawn: the
same test sees the same calls fail. POST /_redkite/kills `{"function": <name>, "containing": <text>}` kills the processes
that work on such calls now, and says how many those were.
"""

import json

from ministack.core import lambda_runtime as LR
from ministack.services import lambda_svc as LS

from ... import admin
from ...patching import replaces

GAP = "functions.faults"
# By function name: every how many calls, which of them, and how many there were.
_faults = {}
# Of the calls that are under way: the worker of each, and its event as text.
_running = {}


@admin.route("POST", "/_redkite/faults")
def set_fault(_query, body):
    every = int(body["every"])
    if every > 0:
        _faults[body["function"]] = {"every": every, "containing": body.get("containing", ""), "calls": 0}
    else:
        _faults.pop(body["function"], None)
    return {"function": body["function"], "every": every}


def _fails(config, event):
    fault = _faults.get(config.get("FunctionName"))
    if fault is None or fault["containing"] not in json.dumps(event):
        return False
    fault["calls"] += 1
    return fault["calls"] % fault["every"] == 0


@replaces(GAP, LS, "_execute_function_dispatch", ("func", "config", "event", "request_id", "started"))
def execute_function_dispatch(original, func, config, event, request_id, started):
    if _fails(config, event):
        body = {"errorType": "InjectedFault", "errorMessage": "This call fails because a test wants it to."}
        return {"body": body, "error": True, "log": body["errorMessage"]}
    return original(func, config, event, request_id, started)


@admin.route("POST", "/_redkite/kills")
def kill(_query, body):
    name, text = body["function"], body["containing"]
    # The process of this moment: a worker that has got another one since works for somebody else.
    processes = [
        worker._proc for worker, event in list(_running.values()) if worker.func_name == name and text in event
    ]
    for process in processes:
        process.kill()
    return {"function": name, "killed": len(processes)}


@replaces(
    GAP,
    LR.Worker,
    "invoke",
    ("self", "event", "request_id", "trace_id", "depth", "durable", "invoked_function_arn"),
)
def invoke(original, self, event, request_id, **rest):
    _running[request_id] = (self, json.dumps(event))
    try:
        return original(self, event, request_id, **rest)
    finally:
        _running.pop(request_id, None)
