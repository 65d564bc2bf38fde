"""Lambda: calls that fail because a test wants them to.

AWS: the Fault Injection Service fails a share of a function's calls (action aws:lambda:invocation-error).
MiniStack: has no such service.
Filled: POST /_redkite/faults `{"function": <name>, "every": <n>, "containing": <text>}` fails each n-th of the function's
calls whose event has the text in it, before its code runs and whoever calls it; 0 ends that. Counted, not drawn: the
same test sees the same calls fail.
"""

import json

from ministack.services import lambda_svc as LS

from ... import admin
from ...patching import replaces

GAP = "functions.faults"
# By function name: every how many calls, which of them, and how many there were.
_faults = {}


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
