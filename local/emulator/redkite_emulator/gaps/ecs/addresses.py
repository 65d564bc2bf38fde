"""ECS: the network interface of an awsvpc task.

AWS: the attachment names subnet, interface, MAC and address, and each container repeats the address in its
networkInterfaces. The interface is there before an image is pulled: the task's PENDING event has its address.
MiniStack: only subnet and address, only with Docker, and only when the container runs.
Filled: the address is chosen here when the task becomes PENDING, and the container is started with it. Without a
container engine (state machine tests) tasks get addresses of 198.18.0.0/15, the range for benchmarks (RFC 2544), where
nothing can answer by accident.
"""

import ipaddress
import itertools
import os
import threading

from ministack.core.responses import new_uuid
from ministack.services import ecs

from ...patching import expect, replaces

GAP = "ecs.addresses"
_unreachable = itertools.count(int(ipaddress.ip_address("198.18.0.10")))
# Of the copy's /24. Those above are for containers that are started by hand (benchmarks), and for Kafka.
_HOSTS = range(2, 200)
_next_host = itertools.cycle(_HOSTS)
_choosing = threading.Lock()
expect(GAP, ecs, "_get_docker", ())


def _complete(task):
    for attachment in task.get("attachments") or []:
        details = {detail["name"]: detail["value"] for detail in attachment["details"]}
        address = details.get("privateIPv4Address")
        if address is None or "networkInterfaceId" in details:
            continue
        octets = address.split(".")
        attachment["details"] += [
            {"name": "networkInterfaceId", "value": f"eni-{attachment['id'].replace('-', '')[:17]}"},
            {"name": "macAddress", "value": "02:42:" + ":".join(f"{int(octet):02x}" for octet in octets)},
            {"name": "privateDnsName", "value": f"ip-{'-'.join(octets)}.ec2.internal"},
        ]
        for container in task.get("containers", []):
            container["networkInterfaces"] = [{"attachmentId": attachment["id"], "privateIpv4Address": address}]


@replaces(GAP, ecs, "_record_task_ip", ("task", "container", "ecs_network"))
def record_task_ip(original, task, container, ecs_network):
    original(task, container, ecs_network)
    _complete(task)


def _attach(task, address):
    details = [{"name": "privateIPv4Address", "value": address}]
    if task.get("_subnet"):
        details.insert(0, {"name": "subnetId", "value": task["_subnet"]})
    task["attachments"] = [
        {"id": new_uuid(), "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": details}
    ]
    _complete(task)


def attach_unreachable(task):
    """For a task without a container."""
    if task.get("_network_mode") == "awsvpc" and not task.get("attachments"):
        _attach(task, str(ipaddress.ip_address(next(_unreachable))))


def attach_address(task):
    """For a task whose container is about to be started; `_container_ip` is MiniStack's own note of it."""
    gateway = os.environ.get("REDKITE_GATEWAY_ADDRESS")
    if task.get("_network_mode") != "awsvpc" or task.get("attachments") or not gateway or ecs._get_docker() is None:
        return
    prefix = gateway.rsplit(".", 1)[0]
    with _choosing:
        used = {
            other.get("_container_ip") for other in list(ecs._tasks.values()) if other.get("lastStatus") != "STOPPED"
        }
        free = (f"{prefix}.{host}" for host in itertools.islice(_next_host, len(_HOSTS)))
        address = next((address for address in free if address not in used), None)
        if address is None:
            raise RuntimeError("every address of the container network is taken")
        task["_container_ip"] = address
    _attach(task, address)


def address_of(task_arn):
    task = ecs._tasks.get(task_arn) or {}
    return task.get("_container_ip") if task.get("_network_mode") == "awsvpc" else None
