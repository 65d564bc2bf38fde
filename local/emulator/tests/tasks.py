"""Task definitions, clusters and services for the ECS tests."""


def cluster(aws):
    return aws.client("ecs").create_cluster(clusterName=aws.name("cluster"))["cluster"]["clusterName"]


def definition(aws, image="localhost/nothing:1", container=None, **fields):
    return aws.client("ecs").register_task_definition(
        **{
            "family": aws.name("family"),
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{"name": "main", "image": image, "essential": True, **(container or {})}],
            **fields,
        }
    )["taskDefinition"]["taskDefinitionArn"]


def network():
    return {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def run(aws, name, task_definition, **fields):
    return aws.client("ecs").run_task(
        cluster=name, taskDefinition=task_definition, launchType="FARGATE", networkConfiguration=network(), **fields
    )["tasks"][0]["taskArn"]


def describe(aws, name, arn):
    return aws.client("ecs").describe_tasks(cluster=name, tasks=[arn])["tasks"][0]


def address(task):
    """Of a task, or of an event's detail; None while it has none."""
    details = [detail for attachment in task["attachments"] for detail in attachment["details"]]
    return next((detail["value"] for detail in details if detail["name"] == "privateIPv4Address"), None)


def follow(aws, name):
    """The task state changes of one cluster."""
    arn = f"arn:aws:ecs:{aws.region}:000000000000:cluster/{name}"
    detail_type = ["ECS Task State Change"]
    return aws.follow({"source": ["aws.ecs"], "detail-type": detail_type, "detail": {"clusterArn": [arn]}})


def statuses(events):
    """(lastStatus, desiredStatus) in the order of the versions."""
    ordered = sorted(events, key=lambda event: event["detail"]["version"])
    return [(event["detail"]["lastStatus"], event["detail"]["desiredStatus"]) for event in ordered]
