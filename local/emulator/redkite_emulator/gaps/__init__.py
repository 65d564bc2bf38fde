"""The gaps, in the order they are filled. Importing one checks MiniStack against it and fills it."""

import importlib

GAPS = (
    "lambda_errors",
    "lambda_latency",
    "sfn_start",
    "sfn_stop",
    "sfn_retry",
    "sfn_parallel",
    "sfn_output",
    "sfn_task_token",
    "sfn_nested",
    "event_delivery",
    "ecs_addresses",
    "ecs_events",
    "ecs_logs",
    "ecs_stop",
    "ecs_run_task",
    "ecs_containers",
    "ecs_images",
    "ecs_credentials",
    "ecs_deployments",
    "ecs_cleanup",
    "elbv2_actions",
    "elbv2_target_groups",
    "elbv2_state",
    "discovery_state",
    "secrets_password",
    "msk_api",
    "cfn_msk",
    "cfn_dynamodb_ttl",
    "cfn_iam_role_policy",
    "cfn_recorded",
)


def fill_all():
    for name in GAPS:
        importlib.import_module(f"{__name__}.{name}")
