"""ECS: how a task stops.

AWS: StopTask answers at once with desiredStatus STOPPED while lastStatus is still RUNNING. The containers get SIGTERM,
after `stopTimeout` (30 s by default) SIGKILL; the task is STOPPED when they are gone, with their exit codes. A service
replaces a task as soon as it is to stop. A container that exits is noticed at once.
MiniStack: StopTask marks the task STOPPED, then waits for `docker stop` (5 s) before it answers; does not replace a
stopped task of a service; looks ten times a second, and at each DescribeTasks and ListTasks, at every container.
Filled: the stop runs in the background; the kernel tells the exit of a container's process (a waiting call of podman's API
looks four times a second by itself, with locks and a database, which kept a core busy). While the containers end,
lastStatus is STOPPING, one of the states AWS passes through, which takes the task out of the service's count.
"""

import os
import queue
import select
import threading
import time

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, now_iso
from ministack.core.responses import request_scope
from ministack.services import ecs, ecs_metadata

from ...patching import expect, replaces
from .events import emit
from .logs import deliver_rest

GAP = "ecs.stop"
STOP_TIMEOUT_S = 30
# Of a container that was removed behind our back: as if killed.
KILLED = 137
# Between two looks of podman at a container that has ended.
LOOK = "20ms"
for _name, _parameters in (
    ("_task_is_active", ("task_arn", "task")),
    ("_bump_task_version", ("task",)),
    ("_cleanup_task_resources", ("task", "docker_client", "extra_container")),
    ("_refresh_service_state", ("cluster_name", "group")),
    ("_recount_cluster", ("cluster_name",)),
    ("_reconcile_service_tasks", ("cluster_name", "svc_key")),
    ("_record_service_task_failure", ("task", "digest_resolution_failed")),
    ("_resolve_task", ("ref", "cluster_name")),
):
    expect(GAP, ecs, _name, _parameters)


def _recount(task):
    cluster = ecs._cluster_name_from_arn(task["clusterArn"])
    ecs._recount_cluster(cluster)
    ecs._refresh_service_state(cluster, task.get("group", ""))


def await_exit(docker_client, identifier):
    """Returns when the container's first process is gone; False at once when that cannot be watched (an engine elsewhere)."""
    pid = docker_client.api.inspect_container(identifier)["State"].get("Pid")
    if not pid:
        return False
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        select.select([process], [], [])
    finally:
        os.close(process)
    return True


def exit_code(docker_client, identifier):
    """Of a container whose process is gone. Podman has to notice that too, and by itself looks four times a second."""
    api = docker_client.api
    answer = api._post(api._url("/containers/{0}/wait", identifier), params={"interval": LOOK}, timeout=None)
    return api._result(answer, True).get("StatusCode", 0)


def begin_stop(task, reason, stop_code, docker_client):
    """Turns the task towards STOPPED and returns it as it is right after; None when it is on its way already."""
    arn = task["taskArn"]
    with resource_lock("ecs-task", arn):
        if not ecs._task_is_active(arn, task):
            return None
        ecs._bump_task_version(task)
        task.update(desiredStatus="STOPPED", stoppingAt=now_iso(), stoppedReason=reason, stopCode=stop_code)
        answer = ecs._sanitize(task)
    emit(task)
    with resource_lock("ecs-task", arn):
        task["lastStatus"] = "STOPPING"
    ecs_metadata.set_task_status(arn, known_status="STOPPING", desired_status="STOPPED")
    _recount(task)
    account, region = get_account_id(), get_region()

    def finish():
        with request_scope(account, region):
            _finish_stop(task, docker_client)

    spawn_background(finish, thread_name=f"redkite-ecs-stop-{arn[-8:]}")
    _tell_service(task, stop_code)
    return answer


def _tell_service(task, stop_code):
    group = task.get("group", "")
    if not group.startswith("service:"):
        return
    if stop_code == "EssentialContainerExited":
        ecs._record_service_task_failure(task)
    elif stop_code == "UserInitiated":
        cluster = ecs._cluster_name_from_arn(task["clusterArn"])
        key = f"{cluster}/{group.split(':', 1)[1]}"
        # Not on this thread: the scheduler itself may be what asked for the stop.
        account, region = get_account_id(), get_region()

        def replace():
            with request_scope(account, region):
                ecs._reconcile_service_tasks(cluster, key)

        spawn_background(replace, thread_name="redkite-ecs-replace")


def _stop_timeouts(task):
    definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    return [int(c.get("stopTimeout") or STOP_TIMEOUT_S) for c in definition.get("containerDefinitions", [])]


def _stop_container(docker_client, task, index, timeout):
    import docker

    try:
        container = docker_client.containers.get(task["_docker_ids"][index])
        container.stop(timeout=timeout)
        code = exit_code(docker_client, container.id)
    except docker.errors.NotFound:
        code = KILLED
    with resource_lock("ecs-task", task["taskArn"]):
        if task["containers"][index].get("exitCode") is None:
            task["containers"][index]["exitCode"] = code


def _finish_stop(task, docker_client):
    arn = task["taskArn"]
    if docker_client is not None:
        timeouts = _stop_timeouts(task)
        threads = [
            threading.Thread(
                target=_stop_container,
                args=(docker_client, task, index, timeouts[index] if index < len(timeouts) else STOP_TIMEOUT_S),
                daemon=True,
            )
            for index in range(len(task.get("_docker_ids") or []))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        deliver_rest(task)
        ecs._cleanup_task_resources(task, docker_client)
    now = now_iso()
    with resource_lock("ecs-task", arn):
        ecs._bump_task_version(task)
        task.update(lastStatus="DEPROVISIONING", executionStoppedAt=task.get("executionStoppedAt") or now)
        for container in task.get("containers", []):
            container["lastStatus"] = "STOPPED"
    emit(task)
    with resource_lock("ecs-task", arn):
        ecs._bump_task_version(task)
        task.update(lastStatus="STOPPED", stoppedAt=now)
        for attachment in task.get("attachments", []):
            attachment["status"] = "DELETED"
    ecs_metadata.set_task_status(arn, known_status="STOPPED", desired_status="STOPPED")
    emit(task)
    _recount(task)


@replaces(GAP, ecs, "_stop_task", ("data",), tables=(ecs._ACTION_MAP,))
def stop_task(_original, data):
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if cluster is None:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    task = ecs._resolve_task(data.get("task", ""), cluster)
    if not task:
        return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
    reason = data.get("reason", "Task stopped by user")
    stop_code = "UserInitiated"
    if task.get("group", "").startswith("service:") and reason in _SCHEDULER_REASONS:
        stop_code = "ServiceSchedulerInitiated"
    answer = begin_stop(task, reason, stop_code, ecs._get_docker())
    return json_response({"task": answer or ecs._sanitize(task)})


# MiniStack's service scheduler stops tasks by calling StopTask with these reasons.
_SCHEDULER_REASONS = (
    "Service scaling down",
    "Service deleted",
    "Deployment completed",
    "Task definition updated",
    "Deployment capacity limit",
)


def _wait_for_exit(docker_client, task, index, exits):
    import docker

    while ecs._task_is_active(task["taskArn"], task):
        try:
            identifier = task["_docker_ids"][index]
            if await_exit(docker_client, identifier):
                return exits.put((index, exit_code(docker_client, identifier)))
            return exits.put((index, docker_client.api.wait(identifier, timeout=None).get("StatusCode", 0)))
        except docker.errors.NotFound:
            return exits.put((index, KILLED))
        except (IndexError, KeyError):
            return exits.put((index, None))
        except Exception:
            # The engine does not answer: that is no sign that the container ended.
            time.sleep(0.5)
    return exits.put((index, None))


@replaces(GAP, ecs, "_maybe_mark_stopped", ("task", "docker_client"))
def maybe_mark_stopped(_original, task, docker_client=None):
    """MiniStack's watcher of a task calls this with the client, in a loop: here it returns only when the task ends.
    API calls call it without one, to look at the containers once more: not needed."""
    if docker_client is None:
        return
    essential = list(task.get("_container_essentials") or [])
    running = len(task.get("_docker_ids") or [])
    exits = queue.SimpleQueue()
    for index in range(running):
        threading.Thread(target=_wait_for_exit, args=(docker_client, task, index, exits), daemon=True).start()
    while running > 0:
        index, code = exits.get()
        running -= 1
        if code is None:
            continue
        with resource_lock("ecs-task", task["taskArn"]):
            task["containers"][index].update(lastStatus="STOPPED", exitCode=code)
        if running == 0 or index >= len(essential) or essential[index]:
            begin_stop(task, "Essential container in task exited", "EssentialContainerExited", docker_client)
            return
