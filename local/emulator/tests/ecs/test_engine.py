"""Gaps ecs.events, ecs.stop, ecs.deployments on a real engine: tasks that are containers."""

import time

import pytest

import probe
import tasks
from cloud import until

pytestmark = pytest.mark.docker


def test_every_transition_is_an_event(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    receive = tasks.follow(aws, cluster)
    arn = tasks.run(aws, cluster, probe.definition(aws, "wait"))
    probe.running(aws, cluster, arn)
    aws.client("ecs").stop_task(cluster=cluster, task=arn, reason="enough")
    events = aws.collect(receive, lambda found: ("STOPPED", "STOPPED") in tasks.statuses(found), "STOPPED")
    seen = [status for status in tasks.statuses(events) if status[0] != "ACTIVATING"]
    assert seen == [
        ("PROVISIONING", "RUNNING"),
        ("PENDING", "RUNNING"),
        ("RUNNING", "RUNNING"),
        ("RUNNING", "STOPPED"),
        ("DEPROVISIONING", "STOPPED"),
        ("STOPPED", "STOPPED"),
    ]
    by_status = {e["detail"]["lastStatus"]: e["detail"] for e in events if e["detail"]["desiredStatus"] == "RUNNING"}
    # Known before the container is started.
    address = tasks.address(by_status["PENDING"])
    assert address is not None and tasks.address(by_status["RUNNING"]) == address


def test_a_container_has_the_address_of_its_task(engine_aws):
    import docker

    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    definition = probe.definition(aws, "wait")
    found = [probe.running(aws, cluster, arn) for arn in [tasks.run(aws, cluster, definition) for _ in range(2)]]
    engine = docker.from_env()
    for task in found:
        networks = engine.containers.get(task["containers"][0]["runtimeId"]).attrs["NetworkSettings"]["Networks"]
        assert [network["IPAddress"] for network in networks.values()] == [tasks.address(task)]
    assert tasks.address(found[0]) != tasks.address(found[1])


def test_stop_task_returns_at_once_and_the_container_has_its_time(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    arn = tasks.run(aws, cluster, probe.definition(aws, "stubborn", container={"stopTimeout": 2}))
    probe.running(aws, cluster, arn)
    started = time.monotonic()
    answer = aws.client("ecs").stop_task(cluster=cluster, task=arn)["task"]
    # Well before the container may be killed.
    assert time.monotonic() - started < 1.5
    assert (answer["lastStatus"], answer["desiredStatus"]) == ("RUNNING", "STOPPED")
    task = probe.stopped(aws, cluster, arn)
    assert 1.9 < time.monotonic() - started < 15
    assert task["containers"][0]["exitCode"] == 137


def test_a_container_that_ends_on_sigterm_gives_its_own_exit_code(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    arn = tasks.run(aws, cluster, probe.definition(aws, "wait"))
    probe.running(aws, cluster, arn)
    started = time.monotonic()
    aws.client("ecs").stop_task(cluster=cluster, task=arn)
    assert probe.stopped(aws, cluster, arn)["containers"][0]["exitCode"] == 7
    # Not the 30 s that a container has by default.
    assert time.monotonic() - started < 15


def test_a_container_that_dies_is_noticed_without_anybody_asking(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    receive = tasks.follow(aws, cluster)
    tasks.run(aws, cluster, probe.definition(aws, "exit", "3", "1s"))
    events = aws.collect(receive, lambda found: ("RUNNING", "RUNNING") in tasks.statuses(found), "RUNNING")
    started = time.monotonic()
    events += aws.collect(receive, lambda found: ("STOPPED", "STOPPED") in tasks.statuses(found), "STOPPED")
    assert time.monotonic() - started < 10
    detail = next(e["detail"] for e in events if e["detail"]["lastStatus"] == "STOPPED")
    assert detail["stopCode"] == "EssentialContainerExited"
    assert detail["containers"][0]["exitCode"] == 3


def service(aws, cluster, *command, count=1, **fields):
    return aws.client("ecs").create_service(
        cluster=cluster,
        serviceName="service",
        taskDefinition=probe.definition(aws, *command),
        desiredCount=count,
        launchType="FARGATE",
        networkConfiguration=tasks.network(),
        **fields,
    )["service"]


def described(aws, cluster):
    return aws.client("ecs").describe_services(cluster=cluster, services=["service"])["services"][0]


def test_a_service_replaces_what_was_stopped(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    ecs = aws.client("ecs")
    service(aws, cluster, "wait", count=3)
    until(lambda: described(aws, cluster)["runningCount"] == 3, "three tasks")

    def arns():
        return set(ecs.list_tasks(cluster=cluster, desiredStatus="RUNNING")["taskArns"])

    before = arns()
    ecs.stop_task(cluster=cluster, task=sorted(before)[0])
    until(lambda: len(arns()) == 3 and arns() != before, "a replacement")
    ecs.update_service(cluster=cluster, service="service", desiredCount=0)
    for arn in before:
        probe.stopped(aws, cluster, arn)
    until(lambda: described(aws, cluster)["runningCount"] == 0, "scale to zero")


def test_a_first_deployment_that_cannot_start_fails_and_says_so(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    receive = aws.follow({"source": ["aws.ecs"], "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}})
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    arn = service(aws, cluster, "exit", "1", "0s", deploymentConfiguration=breaker)["serviceArn"]
    assert aws.collect(receive, len, "SERVICE_DEPLOYMENT_FAILED")[0]["resources"] == [arn]
    deployment = described(aws, cluster)["deployments"][0]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["failedTasks"] >= 3


def test_an_image_that_is_not_there_stops_the_task_with_the_reason(engine_aws):
    aws, cluster = engine_aws, tasks.cluster(engine_aws)
    started = time.monotonic()
    arn = tasks.run(aws, cluster, tasks.definition(aws, "localhost/not-there:1"))
    task = probe.stopped(aws, cluster, arn)
    assert time.monotonic() - started < 15
    assert task["stopCode"] == "TaskFailedToStart"
    assert "not-there" in task["stoppedReason"]
