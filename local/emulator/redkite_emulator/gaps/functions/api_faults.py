"""Lambda: calls of a function to AWS that fail, because a test wants one of them to.

AWS: the Fault Injection Service makes calls of a role fail or be throttled (aws:fis:inject-api-internal-error,
-throttle-error). A call may also take effect although its answer is lost, be delivered twice, or be the last thing that a
function does (out of memory, its timeout).
MiniStack: has no such service, and does not know which function calls it.
Filled: functions name themselves in the user agent of their SDK (AWS_SDK_UA_APP_ID, as any application may). While a test
records, every call is counted by function, service and operation; attempts of the SDK at one call are one call. The call
of a function itself counts too, as `lambda`, `Invoke`.

    POST /_redkite/api-calls   {"record": true|false}   begins anew, or ends
    GET  /_redkite/api-calls                            [{function, service, operation, nth}, ...] in their order
    POST /_redkite/api-faults  {function, service, operation, nth, kind, depth}   one at a time, counted from here on
    GET  /_redkite/api-faults                           how many attempts it has hit; that is 0 when it never came to it
    POST /_redkite/api-faults  {}                       ends it

`depth`: `attempt`, so that the SDK's own retry gets through, or `call`, so that the function gets the error. Calls that no
function makes (tests, containers, Step Functions itself) are never counted and never harmed.
"""

import json
import os
import re
import signal
import threading
from urllib.parse import parse_qs

from ministack.core import lambda_runtime as LR
from ministack.services import lambda_svc as LS

from ... import admin
from ...patching import expect, replaces, substitute
from . import faults

GAP = "functions.api_faults"
KINDS = ("fail", "throttle", "lose", "twice", "kill")
DEPTHS = ("attempt", "call")

# The process is named too: a function may work on several calls at a time, and only one of them is to die.
_NAMED = 'process.env.AWS_LAMBDA_FUNCTION_NAME = msg.function_name || process.env.AWS_LAMBDA_FUNCTION_NAME || "";'
LR._NODEJS_WORKER_SCRIPT = substitute(
    GAP,
    expect(GAP, LR, "_NODEJS_WORKER_SCRIPT"),
    _NAMED,
    f"{_NAMED} process.env.AWS_SDK_UA_APP_ID = `${{process.env.AWS_LAMBDA_FUNCTION_NAME}}.${{process.pid}}`;",
)
_AGENT = re.compile(r"\bapp/([A-Za-z0-9_-]+)\.(\d+)")
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")

_lock = threading.Lock()


class Fault:
    def __init__(self, function, service, operation, nth, kind, depth):
        if kind not in KINDS or depth not in DEPTHS:
            raise ValueError(f"kind is one of {KINDS}, depth one of {DEPTHS}")
        self.of = (function, service, operation)
        self.nth, self.kind, self.depth = int(nth), kind, depth
        self.seen = []
        self.hits = 0

    def hits_call(self, of, call):
        """`call` is what the SDK calls an invocation: the same for all of its attempts."""
        if of != self.of:
            return False
        if call not in self.seen:
            self.seen.append(call)
        if self.seen.index(call) + 1 != self.nth or (self.depth == "attempt" and self.hits > 0):
            return False
        self.hits += 1
        return True


_recording = False
_calls = []
_counts = {}
_seen = set()
_fault = None


@admin.route("POST", "/_redkite/api-calls")
def record(_query, body):
    global _recording
    with _lock:
        _recording = bool(body["record"])
        if _recording:
            _calls.clear()
            _counts.clear()
            _seen.clear()
    return {"recording": _recording}


@admin.route("GET", "/_redkite/api-calls")
def recorded(_query, _body):
    with _lock:
        return {"calls": list(_calls)}


@admin.route("POST", "/_redkite/api-faults")
def arm(_query, body):
    global _fault
    fault = Fault(**body) if body else None
    with _lock:
        _fault = fault
    return {"armed": fault is not None}


@admin.route("GET", "/_redkite/api-faults")
def armed(_query, _body):
    with _lock:
        return {"hits": 0 if _fault is None else _fault.hits}


def watching():
    return _recording or _fault is not None


def _met(of, call):
    """Counts a call; the kind of fault that it meets, or None."""
    with _lock:
        if _recording and call not in _seen:
            _seen.add(call)
            _counts[of] = _counts.get(of, 0) + 1
            function, service, operation = of
            _calls.append({"function": function, "service": service, "operation": operation, "nth": _counts[of]})
        return _fault.kind if _fault is not None and _fault.hits_call(of, call) else None


# The calls of functions themselves.


def _broken(name, message):
    return {"body": {"errorType": name, "errorMessage": message}, "error": True, "log": message}


@replaces(GAP, LS, "_execute_function_dispatch", ("func", "config", "event", "request_id", "started"))
def execute_function_dispatch(original, func, config, event, request_id, started):
    kind = _met((config.get("FunctionName"), "lambda", "Invoke"), request_id) if watching() else None
    if kind == "fail":
        return _broken("Lambda.ServiceException", "The call fails because a test wants it to.")
    if kind == "throttle":
        return _broken("Lambda.TooManyRequestsException", "The call is throttled because a test wants it to be.")
    result = original(func, config, event, request_id, started)
    if kind == "lose":
        return _broken("Lambda.ServiceException", "The answer is lost because a test wants it to be.")
    if kind == "kill":
        return _broken("Runtime.ExitError", "The function ended before its answer because a test wanted it to.")
    return original(func, config, event, request_id, started) if kind == "twice" else result


# What functions call.


def _header(scope, name):
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def _operation(scope, service, body):
    target = _header(scope, b"x-amz-target")
    if target:
        return target.rsplit(".", 1)[-1]
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    if "x-id" in query:
        return query["x-id"][0]
    if _header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("latin-1")).get("Action", ["?"])[0]
    if service == "s3":
        # A listing and a batch of deletes name no operation.
        marks = "".join(sorted(f"?{key}" for key in query if key in ("list-type", "delete", "uploads", "uploadId")))
        return f"{scope['method']}{marks}"
    return f"{scope['method']} {scope['path'].rstrip('/').rsplit('/', 1)[-1]}"


async def _answer(send, status, body, headers):
    base = [(b"content-length", str(len(body)).encode()), (b"x-amzn-requestid", b"injected")]
    await send({"type": "http.response.start", "status": status, "headers": base + headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse(send, scope, service, throttled):
    """In the words of each protocol: what the SDK takes for an error that passes by itself."""
    message = "A test wants this call to fail."
    if service == "s3":
        status, code = (503, "SlowDown") if throttled else (500, "InternalError")
        xml = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return await _answer(send, status, xml.encode(), [(b"content-type", b"application/xml")])
    if _header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        status, kind, code = (400, "Sender", "Throttling") if throttled else (500, "Receiver", "InternalFailure")
        error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        xml = f"<ErrorResponse>{error}<RequestId>injected</RequestId></ErrorResponse>"
        return await _answer(send, status, xml.encode(), [(b"content-type", b"text/xml")])
    status, code = (400, "ThrottlingException") if throttled else (500, "InternalServerError")
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = [(b"content-type", b"application/x-amz-json-1.1"), (b"x-amzn-errortype", code.encode())]
    return await _answer(send, status, body, headers)


def _kill(pid):
    """Only a process that works on a call of a function now: the number may belong to another one meanwhile."""
    if any(worker._proc is not None and worker._proc.pid == pid for worker, _ in list(faults._running.values())):
        os.kill(pid, signal.SIGKILL)


async def _nobody(_message):
    return None


def wrap(app):
    """The ASGI application as functions meet it."""

    async def wrapped(scope, receive, send):
        agent = _AGENT.search(_header(scope, b"user-agent")) if scope["type"] == "http" and watching() else None
        signed = _SCOPE.search(_header(scope, b"authorization")) if agent else None
        if agent is None or signed is None:
            return await app(scope, receive, send)
        body = await admin._read_body(receive)

        def again():
            given = False

            async def replay():
                nonlocal given
                if given:
                    return await receive()
                given = True
                return {"type": "http.request", "body": body, "more_body": False}

            return replay

        service = signed.group(1)
        of = (agent.group(1), service, _operation(scope, service, body))
        kind = _met(of, _header(scope, b"amz-sdk-invocation-id"))
        if kind in ("fail", "throttle"):
            return await _refuse(send, scope, service, kind == "throttle")
        if kind in ("lose", "twice", "kill"):
            await app(dict(scope), again(), _nobody)
        if kind == "kill":
            _kill(int(agent.group(2)))
        if kind in ("lose", "kill"):
            return await _refuse(send, scope, service, False)
        return await app(scope, again(), send)

    return wrapped


admin.around(wrap)
