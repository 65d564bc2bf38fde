"""ECS: RunTask with a client token, and no more than it may start.

AWS: the same clientToken within 24 hours returns the tasks it started, ConflictException with other parameters; at
most 10 tasks a call.
MiniStack: ignores clientToken, starts any number.
Filled: a table of tokens; one lock, so that a repeated call that overtakes the first one waits for its answer. Tasks
without a container get their address and their one event here.
"""

import json
import threading

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import ecs

from ...patching import replaces
from .addresses import attach_unreachable
from .events import emit

GAP = "ecs.run_task"
_tokens = {}
_lock = threading.RLock()


def _run(original, data):
    status, headers, body = original(data)
    if status >= 400:
        return status, headers, body
    if ecs._get_docker() is not None:
        return status, headers, body
    # Without an engine MiniStack makes tasks that are RUNNING from the first moment.
    answer = json.loads(body)
    for task in answer["tasks"]:
        stored = ecs._tasks[task["taskArn"]]
        attach_unreachable(stored)
        task["attachments"] = stored.get("attachments", [])
        emit(stored)
        ecs._refresh_service_state(ecs._cluster_name_from_arn(stored["clusterArn"]), stored.get("group", ""))
    return json_response(answer)


@replaces(GAP, ecs, "_run_task", ("data",), tables=(ecs._ACTION_MAP,))
def run_task(original, data):
    token = data.get("clientToken")
    if not 1 <= int(data.get("count", 1)) <= 10 and "_deploymentId" not in data:
        return error_response_json("InvalidParameterException", "Count must be between 1 and 10.", 400)
    if not token:
        return _run(original, data)
    key = (get_account_id(), get_region(), data.get("cluster", "default"), token)
    request = json.dumps(data, sort_keys=True)
    with _lock:
        if key in _tokens:
            known_request, arns = _tokens[key]
            if known_request != request:
                return error_response_json(
                    "ConflictException", "The client token was used with other parameters before.", 400
                )
            tasks = [ecs._sanitize(ecs._tasks[arn]) for arn in arns if arn in ecs._tasks]
            return json_response({"tasks": tasks, "failures": []})
        status, headers, body = _run(original, data)
        if status < 400:
            _tokens[key] = (request, [task["taskArn"] for task in json.loads(body)["tasks"]])
        return status, headers, body
