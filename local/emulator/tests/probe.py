"""The probe image as task definitions, and what it wrote."""

import os

from cloud import until
import tasks

def definition(aws, *command, container=None, **fields):
    return tasks.definition(aws, os.environ["REDKITE_PROBE_IMAGE"], {"command": list(command), **(container or {})}, **fields)


def running(aws, cluster, arn):
    def look():
        task = tasks.describe(aws, cluster, arn)
        assert task["lastStatus"] != "STOPPED", task
        return task if task["lastStatus"] == "RUNNING" else None

    return until(look, f"{arn} RUNNING")


def stopped(aws, cluster, arn, timeout=40):
    def look():
        task = tasks.describe(aws, cluster, arn)
        return task if task["lastStatus"] == "STOPPED" else None

    return until(look, f"{arn} STOPPED", timeout)


def output_of(aws, *command, **fields):
    """What a task with this command writes, by way of its CloudWatch log."""
    cluster, group = tasks.cluster(aws), aws.name("/redkite/logs")
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=group)
    options = {"awslogs-group": group, "awslogs-region": aws.region, "awslogs-stream-prefix": "test"}
    container = {**fields.pop("container", {}), "logConfiguration": {"logDriver": "awslogs", "options": options}}
    arn = tasks.run(aws, cluster, definition(aws, *command, container=container, **fields))
    task = stopped(aws, cluster, arn)
    assert task["stopCode"] == "EssentialContainerExited", task["stoppedReason"]

    def lines():
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    return until(lines, "the task's log")
