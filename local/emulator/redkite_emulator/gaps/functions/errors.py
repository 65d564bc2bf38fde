"""Lambda: the name of a handler's error, and a worker that outlives it.

AWS: `errorType` is the `name` of the thrown error and `trace` its stack, so that Step Functions' Retry and Catch can
match it; the execution environment stays warm after a handled error. A process that exits gives Runtime.ExitError.
MiniStack: every error is Runtime.HandlerError without a trace, and the worker is killed.
Filled: the Node worker reports a handler's error as an answer that carries it (so MiniStack keeps the process), and
the error is put into the shape of AWS on the way out.
"""

import contextvars

from ministack.core import lambda_runtime as LR
from ministack.services import lambda_svc as LS

from ...patching import expect, replaces, substitute

GAP = "functions.errors"
_last = contextvars.ContextVar("redkite_lambda_answer", default=None)

_DESCRIBE = r"""
function _redkiteError(error) {
  const isError = error instanceof Error || Object.prototype.toString.call(error) === "[object Error]";
  return JSON.stringify({ status: "ok", handlerError: isError
    ? { errorType: String(error.name || "Error"), errorMessage: String(error.message),
        trace: String(error.stack || "").split("\n") }
    : { errorType: typeof error, errorMessage: String(error), trace: [] } }) + "\n";
}
let handlerFn = null;
"""
script = expect(GAP, LR, "_NODEJS_WORKER_SCRIPT")
script = substitute(GAP, script, "\nlet handlerFn = null;\n", _DESCRIBE)
script = substitute(
    GAP,
    script,
    """_realStdoutWrite(JSON.stringify({
            status: "error", error: String(err.message || err), trace: err.stack || ""
          }) + "\\n");""",
    "_realStdoutWrite(_redkiteError(err));",
)
script = substitute(
    GAP,
    script,
    """_realStdoutWrite(JSON.stringify({
        status: "error", error: e.message, trace: e.stack
      }) + "\\n");""",
    "_realStdoutWrite(_redkiteError(e));",
)
LR._NODEJS_WORKER_SCRIPT = script


@replaces(
    GAP,
    LR.Worker,
    "invoke",
    ("self", "event", "request_id", "trace_id", "depth", "durable", "invoked_function_arn"),
)
def invoke(original, self, *args, **kwargs):
    answer = original(self, *args, **kwargs)
    error = answer.get("handlerError")
    if error is not None:
        answer.update(status="error", error=error["errorMessage"], trace="\n".join(error["trace"]))
    _last.set(answer)
    return answer


@replaces(GAP, LS, "_execute_function_warm", ("func", "event", "request_id"))
def execute_function_warm(original, func, event, request_id):
    _last.set(None)
    result = original(func, event, request_id)
    answer = _last.get()
    body = result.get("body")
    if result.get("error") and answer is not None and isinstance(body, dict):
        if answer.get("handlerError"):
            result["body"] = dict(answer["handlerError"])
        elif answer.get("error") == "Worker process died":
            result["body"] = {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason",
            }
    return result
