"""ECS services: first deployments that can fail, and what services say about themselves.

AWS: a new service's first deployment is IN_PROGRESS until it is steady, so that its circuit breaker can fail it; the
outcome is an `ECS Deployment State Change` event, a service that has all its tasks an `ECS Service Action` event
(SERVICE_STEADY_STATE) and a line in its events.
MiniStack: the first deployment is COMPLETED before its first task starts; no events.
Filled: deployments start IN_PROGRESS; their states before and after each of MiniStack's own steps are compared.
"""

from ministack.core.responses import new_uuid, now_iso
from ministack.services import ecs

from ...patching import replaces
from ..event_delivery import publish

GAP = "ecs.deployments"
_EVENT_NAMES = {
    "IN_PROGRESS": ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    "COMPLETED": ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    "FAILED": ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
}


@replaces(GAP, ecs, "_make_deployment", ("task_definition", "desired_count", "status"))
def make_deployment(original, task_definition, desired_count, status="PRIMARY"):
    deployment = original(task_definition, desired_count, status)
    if desired_count > 0:
        deployment.update(
            rolloutState="IN_PROGRESS", rolloutStateReason=f"ECS deployment {deployment['id']} in progress."
        )
    return deployment


def _announce_deployments(service):
    for deployment in service.get("deployments", []):
        state = deployment.get("rolloutState")
        if deployment.get("_announced") == state or state not in _EVENT_NAMES:
            continue
        deployment["_announced"] = state
        event_type, name = _EVENT_NAMES[state]
        publish(
            "aws.ecs",
            "ECS Deployment State Change",
            {
                "eventType": event_type,
                "eventName": name,
                "clusterArn": service["clusterArn"],
                "deploymentId": deployment["id"],
                "updatedAt": deployment["updatedAt"],
                "reason": deployment.get("rolloutStateReason", ""),
            },
            [service["serviceArn"]],
        )


def _announce_steady_state(service):
    steady = (
        service["status"] == "ACTIVE"
        and service.get("runningCount") == service.get("desiredCount")
        and service.get("pendingCount") == 0
        and all(d.get("rolloutState") != "IN_PROGRESS" for d in service.get("deployments", []))
    )
    was_steady, service["_steady"] = service.get("_steady", False), steady
    if not steady or was_steady:
        return
    created_at = now_iso()
    message = f"(service {service['serviceName']}) has reached a steady state."
    service["events"].insert(0, {"id": new_uuid(), "createdAt": created_at, "message": message})
    publish(
        "aws.ecs",
        "ECS Service Action",
        {
            "eventType": "INFO",
            "eventName": "SERVICE_STEADY_STATE",
            "clusterArn": service["clusterArn"],
            "createdAt": created_at,
        },
        [service["serviceArn"]],
    )


def _announce(key):
    service = ecs._services.get(key)
    if service:
        _announce_deployments(service)
        _announce_steady_state(service)


@replaces(GAP, ecs, "_refresh_service_state", ("cluster_name", "group"))
def refresh_service_state(original, cluster_name, group):
    original(cluster_name, group)
    if group and group.startswith("service:"):
        _announce(f"{cluster_name}/{group.split(':', 1)[1]}")


@replaces(GAP, ecs, "_complete_service_deployment", ("cluster_name", "svc_key", "expected_deployment_id"))
def complete_service_deployment(original, cluster_name, svc_key, expected_deployment_id=None):
    original(cluster_name, svc_key, expected_deployment_id)
    _announce(svc_key)


@replaces(GAP, ecs, "_record_service_task_failure", ("task", "digest_resolution_failed"))
def record_service_task_failure(original, task, digest_resolution_failed=False):
    original(task, digest_resolution_failed)
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    _announce(f"{cluster}/{task.get('group', '').removeprefix('service:')}")
