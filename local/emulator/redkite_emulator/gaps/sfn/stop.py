"""Step Functions: an execution that is stopped or runs out of time ends, and stays ended.

AWS: the machine's TimeoutSeconds ends the execution as TIMED_OUT; nothing of a stopped or timed out execution goes on,
no retry, no next state; States.Runtime cannot be caught by States.ALL. A task's TimeoutSeconds may be an expression.
MiniStack: ignores the machine's TimeoutSeconds; a stopped execution goes on sleeping, retrying and calling inside its
state, and may end by overwriting its status with FAILED.
Filled: a timer; the checks of executions.py before every call, retry and catch and inside every sleep.
"""

import contextvars
import json
import threading
import time

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as SF

from ... import executions
from ...patching import expect, replaces

GAP = "sfn.stop"


def _time_out(execution):
    if execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", stopDate=now_iso(), error="States.Timeout")
    SF._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})
    SF._emit_execution_status_event(execution)


def _start_timer(execution):
    machine = SF._state_machines.get(execution["stateMachineArn"]) or {}
    try:
        seconds = json.loads(machine.get("definition", "{}")).get("TimeoutSeconds")
    except ValueError:
        return None
    if not seconds:
        return None
    timer = threading.Timer(seconds, contextvars.copy_context().run, args=(_time_out, execution))
    timer.daemon = True
    timer.start()
    return timer


@replaces(GAP, SF, "_run_execution", ("exec_arn",))
def run_execution(original, exec_arn):
    execution = SF._executions.get(exec_arn)
    if execution is None:
        return

    def run():
        executions.run_only_while(execution)
        timer = _start_timer(execution)
        try:
            original(exec_arn)
        finally:
            if timer is not None:
                timer.cancel()

    # In a context of its own: StartSyncExecution runs this on the caller's thread.
    contextvars.copy_context().run(run)


@replaces(GAP, SF, "_emit_execution_status_event", ("execution",))
def emit_execution_status_event(original, execution):
    # Whoever waits for this execution goes on before its event is delivered to other people's targets.
    executions.notify()
    original(execution)


@replaces(GAP, SF, "_fail_execution", ("execution", "error", "cause"))
def fail_execution(original, execution, error, cause):
    if execution["status"] == "RUNNING":
        original(execution, error, cause)


@replaces(GAP, SF, "_scaled_sleep", ("seconds",))
def scaled_sleep(_original, seconds):
    executions.wait_until(lambda: False, time.monotonic() + seconds * SF._SFN_WAIT_SCALE)
    executions.raise_if_stopped()


def _number(state, field, raw_input, ctx):
    value = state.get(field)
    return SF._jsonata_state_field(state, field, "number", raw_input, ctx) if isinstance(value, str) else value


@replaces(GAP, SF, "_execute_task", ("state_def", "raw_input", "execution", "ctx"))
def execute_task(original, state_def, raw_input, execution, ctx):
    executions.raise_if_stopped()
    limits = {
        field: _number(state_def, field, raw_input, ctx)
        for field in ("TimeoutSeconds", "HeartbeatSeconds")
        if field in state_def
    }
    return original({**state_def, **limits}, raw_input, execution, ctx)


@replaces(GAP, SF, "_invoke_resource", ("resource", "input_data"))
def invoke_resource(original, resource, input_data):
    executions.raise_if_stopped()
    return original(resource, input_data)


@replaces(GAP, SF, "_invoke_resource_with_timeout", ("resource", "input_data", "timeout"))
def invoke_resource_with_timeout(_original, resource, input_data, timeout):
    """The task ends at its timeout; what it started (a nested execution) is told so and ends as well."""
    given_up = threading.Event()
    done = executions.Signal()
    outcome = {}

    def work():
        try:
            outcome["result"] = SF._invoke_resource(resource, input_data)
        except BaseException as error:  # handed to the thread that waits
            outcome["error"] = error
        done.set()

    threading.Thread(target=executions.also_stopped_by(given_up).run, args=(work,), daemon=True).start()
    executions.wait_until(done.is_set, time.monotonic() + timeout)
    if not done.is_set():
        given_up.set()
        executions.notify()
        executions.raise_if_stopped()
        raise SF._ExecutionError("States.Timeout", f"Task timed out after {timeout} seconds")
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


@replaces(GAP, SF, "_error_matches", ("error_equals", "error"))
def error_matches(original, error_equals, error):
    if executions.stopped():
        return False
    if error in ("States.Runtime", "States.DataLimitExceeded"):
        return error in error_equals
    return original(error_equals, error)


for _name, _parameters in (
    ("_find_matching_retrier", ("retriers", "error", "retry_counts")),
    ("_find_matching_catcher", ("catchers", "error")),
):
    expect(GAP, SF, _name, _parameters)
