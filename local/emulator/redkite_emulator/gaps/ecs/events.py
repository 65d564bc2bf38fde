"""ECS: `ECS Task State Change` on EventBridge.

AWS: every transition of a task is an event; `version` grows with each, so that a late one can be told.
MiniStack: emits none.
Filled: after each transition the task as it then is goes to the bus. StopTask and containers that exit: gap ecs.stop;
tasks without a container: gap ecs.run_task.
"""

import copy

from ministack.core.concurrency import resource_lock
from ministack.core.responses import now_iso
from ministack.services import ecs

from ...patching import expect, replaces
from ..event_delivery import publish
from .addresses import attach_address

GAP = "ecs.events"
# Of the task only: what DescribeTasks returns but the event does not carry.
_NOT_IN_EVENT = ("tags",)
_sanitize = expect(GAP, ecs, "_sanitize", ("obj",))


def detail_of(task):
    with resource_lock("ecs-task", task["taskArn"]):
        detail = copy.deepcopy(_sanitize(task))
    for name in _NOT_IN_EVENT:
        detail.pop(name, None)
    detail["updatedAt"] = now_iso()
    for attachment in detail.get("attachments", []):
        # DescribeTasks says ElasticNetworkInterface, the event says eni.
        attachment["type"] = "eni"
    return detail


def emit(task):
    publish("aws.ecs", "ECS Task State Change", detail_of(task), [task["taskArn"]])


def _emitting(original, task_arn, task, *args, **kwargs):
    moved = original(task_arn, task, *args, **kwargs)
    if moved:
        emit(task)
    return moved


@replaces(GAP, ecs, "_mark_task_pending", ("task_arn", "task"))
def mark_task_pending(original, task_arn, task):
    # The first step of a task's own thread: the record that RunTask made has not been told yet.
    emit(task)
    attach_address(task)
    return _emitting(original, task_arn, task)


replaces(GAP, ecs, "_mark_task_activating", ("task_arn", "task"))(_emitting)
replaces(GAP, ecs, "_mark_task_running", ("task_arn", "task"))(_emitting)
replaces(GAP, ecs, "_mark_task_stopped", ("task_arn", "task", "reason", "stop_code", "exit_code"))(_emitting)
