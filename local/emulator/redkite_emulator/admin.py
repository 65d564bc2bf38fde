"""`/_redkite/...`: what the parts of local mode and the tests need and AWS has no call for.

    GET  /_redkite/elbv2?after=<revision>&timeout=<s>      all of ELBv2 in one answer, for the load balancer
    GET  /_redkite/discovery?after=<revision>&timeout=<s>  the DNS records of Cloud Map, for the DNS server
    POST /_redkite/target-health                           what the load balancer's health checks found
    GET  /_redkite/process                                 which process answers, for whoever started it
    POST /_redkite/events                                  puts an `aws.*` event on the bus (chaos tests)
    POST /_redkite/faults                                  fails each n-th call of a function (chaos tests)
    GET, POST /_redkite/api-calls, /_redkite/api-faults    what functions call, and one of these harmed (gap api_faults)

Loopback only: containers reach the emulator through the gateway address, and a task must not be able to do any of this.
Also serves the task credentials (gap ecs.credentials), which containers do ask for.
"""

import asyncio
import ipaddress
import json
import os
from urllib.parse import parse_qs

from ministack.core.responses import get_account_id, request_scope

_routes = {}
_prefixes = {}
_layers = []
LONGEST_WAIT_S = 60.0


def region():
    return os.environ.get("MINISTACK_REGION", "us-east-1")


def route(method, path):
    """Decorator: `handler(query, body)` answers with a JSON value; async handlers may wait."""

    def register(handler):
        _routes[(method, path)] = handler
        return handler

    return register


def public_prefix(prefix):
    """Decorator: `handler(path)` answers with a JSON value or None (404), to containers too."""

    def register(handler):
        _prefixes[prefix] = handler
        return handler

    return register


@route("GET", "/_redkite/process")
def process(_query, _body):
    return {"pid": os.getpid()}


def around(layer):
    """`layer(app)` is the application with a gap's own work around each call; the emulator's own calls go past it."""
    _layers.append(layer)


def state_route(path, revision, read):
    """GET `path`: `read()` plus the revision, after the wait that the query asks for."""

    @route("GET", path)
    async def answer(query, _body):
        if "after" in query:
            timeout = min(float(query.get("timeout", "30")), LONGEST_WAIT_S)
            await revision.wait_after(int(query["after"]), timeout)
        # Read before the state, so that a change in between is seen again rather than missed.
        number = revision.value
        with request_scope(get_account_id(), region()):
            return {"revision": number, **read()}


def _is_loopback(scope):
    client = (scope.get("client") or ("",))[0]
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


async def _read_body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send, status, value):
    body = json.dumps(value, default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _serve(handler, scope, receive, send):
    query = {key: values[0] for key, values in parse_qs(scope.get("query_string", b"").decode()).items()}
    try:
        body = await _read_body(receive)
        data = json.loads(body) if body else None
        result = handler(query, data)
        if asyncio.iscoroutine(result):
            result = await result
        await _send(send, 200, result)
    except (KeyError, ValueError, TypeError) as error:
        await _send(send, 400, {"message": f"{scope['path']}: bad request: {error!r}"})


def wrap(app):
    """The ASGI application with the layers of the gaps around it and our routes in front of them."""
    for layer in _layers:
        app = layer(app)

    async def wrapped(scope, receive, send):
        if scope["type"] == "http":
            path = scope["path"]
            for prefix, handler in _prefixes.items():
                if path.startswith(prefix):
                    value = handler(path)
                    return await _send(send, 404 if value is None else 200, value or {"message": "unknown"})
            if path.startswith("/_redkite/"):
                if not _is_loopback(scope):
                    return await _send(send, 403, {"message": "/_redkite is open to this machine only."})
                handler = _routes.get((scope["method"], path))
                if handler is None:
                    return await _send(send, 404, {"message": f"No such call: {scope['method']} {path}"})
                return await _serve(handler, scope, receive, send)
        return await app(scope, receive, send)

    return wrapped
