"""Gaps ecs.containers and ecs.addresses, on a real engine."""

import socket

import pytest

import probe
import tasks

pytestmark = pytest.mark.docker


def test_entry_point_command_and_limits_reach_the_container(engine_aws):
    lines = probe.output_of(
        engine_aws,
        "second",
        container={
            "entryPoint": ["/probe", "show"],
            "ulimits": [{"name": "nofile", "softLimit": 8192, "hardLimit": 8192}],
            "memory": 96,
            "environment": [{"name": "GIVEN", "value": "yes"}],
        },
    )
    assert "ARGS [/probe show second]" in lines
    assert "NOFILE 8192 8192" in lines
    assert f"MEMORY {96 * 1024 * 1024}" in lines
    assert "GIVEN=yes" in lines


def test_the_attachment_carries_the_containers_own_address(engine_aws):
    cluster = tasks.cluster(engine_aws)
    arn = tasks.run(engine_aws, cluster, probe.definition(engine_aws, "wait"))
    task = probe.running(engine_aws, cluster, arn)
    details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
    assert task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == details["privateIPv4Address"]
    # Nothing listens: an address that is somebody's refuses, one that is nobody's stays silent.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((details["privateIPv4Address"], 9), timeout=3)
    engine_aws.client("ecs").stop_task(cluster=cluster, task=arn)
    probe.stopped(engine_aws, cluster, arn)
