"""ECS: the network interface of an awsvpc task.

AWS: the attachment names subnet, interface, MAC and address, and each container repeats the address in its
networkInterfaces; both are there before the task is RUNNING.
MiniStack: only subnet and address, only with Docker.
Filled: the missing details. Without a container engine (state machine tests) tasks get addresses of 198.18.0.0/15,
the range for benchmarks (RFC 2544), where nothing can answer by accident.
"""

import ipaddress
import itertools

from ministack.core.responses import new_uuid
from ministack.services import ecs

from ...patching import replaces

GAP = "ecs.addresses"
_unreachable = itertools.count(int(ipaddress.ip_address("198.18.0.10")))


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


def attach_unreachable(task):
    """For a task without a container."""
    if task.get("_network_mode") != "awsvpc" or task.get("attachments"):
        return
    details = [{"name": "privateIPv4Address", "value": str(ipaddress.ip_address(next(_unreachable)))}]
    if task.get("_subnet"):
        details.insert(0, {"name": "subnetId", "value": task["_subnet"]})
    task["attachments"] = [
        {"id": new_uuid(), "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": details}
    ]
    _complete(task)
