"""Step Functions: tasks that wait for a token.

AWS: HeartbeatSeconds ends a silent task with States.HeartbeatTimeout; an error of the call that hands the token over
fails the task; TimeoutSeconds counts from the call; stopping the execution ends the wait; a token that was used or has
expired is TaskTimedOut, an unknown one TaskDoesNotExist. Each attempt of a retried state has a token of its own.
MiniStack: ignores HeartbeatSeconds, swallows a Lambda's error and waits for ever, counts after the call, waits on; all
attempts have one token.
Filled: the call runs beside the wait, and whatever comes first (answer, error, heartbeat, timeout, stop) ends it; a retry
gets a new token, which only states in JSONata see.
"""

import json
import threading
import time

from ministack.core.responses import error_response_json, new_uuid
from ministack.services import stepfunctions as SF

from ... import executions
from ...patching import replaces

GAP = "sfn.task_token"
_closed_tokens = set()


def _deliver(resource, input_data, token, task, context):
    def call():
        try:
            SF._invoke_resource(resource.replace(".waitForTaskToken", ""), input_data)
        except SF._ExecutionError as error:
            # The token may have been answered already: then the answer counts.
            if not task["event"].is_set():
                task["error"] = {"Error": error.error, "Cause": error.cause}
                task["event"].set()

    threading.Thread(target=context.run, args=(call,), daemon=True, name=f"sfn-token-{token[:8]}").start()


def _wait(task, timeout, heartbeat):
    """Returns the error name the wait ended with, or None when the task was answered."""
    started = time.monotonic()
    task["beat_at"] = started
    while True:
        limits = []
        if timeout:
            limits.append((started + timeout, "States.Timeout"))
        if heartbeat:
            limits.append((task["beat_at"] + heartbeat, "States.HeartbeatTimeout"))
        deadline, error = min(limits, default=(None, None))
        executions.wait_until(task["event"].is_set, deadline)
        if task["event"].is_set():
            return None
        executions.raise_if_stopped()
        if error == "States.Timeout" or time.monotonic() >= task["beat_at"] + (heartbeat or 0):
            return error


@replaces(GAP, SF, "_invoke_with_callback", ("resource", "input_data", "token", "state_def"))
def invoke_with_callback(_original, resource, input_data, token, state_def):
    task = {"event": executions.Signal(), "result": None, "error": None, "heartbeat": None}
    SF._task_tokens[token] = task
    given_up = threading.Event()
    try:
        _deliver(resource, input_data, token, task, executions.also_stopped_by(given_up))
        ended_by = _wait(task, state_def.get("TimeoutSeconds"), state_def.get("HeartbeatSeconds"))
    finally:
        given_up.set()
        SF._task_tokens.pop(token, None)
        _closed_tokens.add(token)
    if ended_by is not None:
        raise SF._ExecutionError(ended_by, f"{resource} was not answered in time")
    if task["error"]:
        raise SF._ExecutionError(task["error"].get("Error", "TaskFailed"), task["error"].get("Cause", ""))
    try:
        return json.loads(task["result"])
    except (TypeError, ValueError):
        return task["result"]


@replaces(GAP, SF, "_apply_jsonata_arguments", ("state_def", "raw_input", "ctx"))
def apply_jsonata_arguments(original, state_def, raw_input, ctx):
    if "Task" in ctx and ctx["State"].get("RetryCount"):
        ctx["Task"] = {"Token": new_uuid()}
    return original(state_def, raw_input, ctx)


def _answer(original, data):
    token = data.get("taskToken")
    task = SF._task_tokens.get(token)
    if token in _closed_tokens or (task is not None and task["event"].is_set()):
        return error_response_json("TaskTimedOut", "The task was answered before, or has timed out", 400)
    return original(data)


for _name in ("_send_task_success", "_send_task_failure"):
    replaces(GAP, SF, _name, ("data",))(_answer)


@replaces(GAP, SF, "_send_task_heartbeat", ("data",))
def send_task_heartbeat(original, data):
    task = SF._task_tokens.get(data.get("taskToken"))
    if task is not None:
        task["beat_at"] = time.monotonic()
    return _answer(original, data)
