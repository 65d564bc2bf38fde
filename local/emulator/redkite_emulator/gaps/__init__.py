"""The gaps, in the order they are filled. Importing one checks MiniStack against it and fills it."""

import importlib

GAPS = (
    "snapshots",
    "functions.errors",
    "functions.latency",
    "functions.cold_start",
    "functions.faults",
    "functions.api_faults",
    "functions.stream_failures",
    "sfn.start",
    "sfn.stop",
    "sfn.retry",
    "sfn.history",
    "sfn.parallel",
    "sfn.output",
    "sfn.task_token",
    "sfn.nested",
    "event_delivery",
    "ecs.addresses",
    "ecs.timestamps",
    "ecs.events",
    "ecs.logs",
    "ecs.stop",
    "ecs.run_task",
    "ecs.containers",
    "ecs.images",
    "ecs.credentials",
    "ecs.deployments",
    "ecs.cleanup",
    "elbv2.actions",
    "elbv2.target_groups",
    "elbv2.state",
    "discovery_state",
    "secrets_password",
    "msk_api",
    "cloudformation.msk",
    "cloudformation.dynamodb_ttl",
    "cloudformation.reserved_concurrency",
    "cloudformation.iam_role_policy",
    "cloudformation.metric_math",
    "cloudformation.recorded",
)


def fill_all():
    for name in GAPS:
        importlib.import_module(f"{__name__}.{name}")
