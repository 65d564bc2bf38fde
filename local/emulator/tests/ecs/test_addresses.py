"""Gap ecs.addresses, without an engine (with one: test_engine.py)."""

import ipaddress

import tasks


def test_a_task_without_a_container_has_an_address_of_its_own(aws):
    cluster, definition = tasks.cluster(aws), tasks.definition(aws)
    found = [tasks.describe(aws, cluster, tasks.run(aws, cluster, definition)) for _ in range(2)]
    addresses = []
    for task in found:
        details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
        assert {"subnetId", "networkInterfaceId", "macAddress", "privateIPv4Address"} <= details.keys()
        interfaces = task["containers"][0]["networkInterfaces"]
        assert interfaces[0]["privateIpv4Address"] == details["privateIPv4Address"]
        addresses.append(ipaddress.ip_address(details["privateIPv4Address"]))
    assert addresses[0] != addresses[1]
    assert all(address in ipaddress.ip_network("198.18.0.0/15") for address in addresses)
