"""Gap ecs.credentials, on a real engine. REDKITE_GATEWAY_ADDRESS and REDKITE_NETWORK name its network."""

import datetime
import json
import os

import pytest

import probe

pytestmark = pytest.mark.docker
ROLE = "arn:aws:iam::000000000000:role/demo-task"


def host(aws):
    return f"http://{os.environ['REDKITE_GATEWAY_ADDRESS']}:{aws.url.rsplit(':', 1)[1]}"


def test_the_environment_is_that_of_aws(engine_aws):
    names = {line.split("=")[0] for line in probe.output_of(engine_aws, "show", taskRoleArn=ROLE)}
    assert {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "ECS_CONTAINER_METADATA_URI_V4", "AWS_REGION"} <= names
    assert not names & {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL", "AWS_CONTAINER_AUTHORIZATION_TOKEN"}


def test_a_task_without_a_role_has_no_credentials(engine_aws):
    names = {line.split("=")[0] for line in probe.output_of(engine_aws, "show")}
    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" not in names


def test_a_container_gets_the_credentials_of_its_role(engine_aws):
    line = " ".join(probe.output_of(engine_aws, "credentials", host(engine_aws), taskRoleArn=ROLE))
    status, body = line.split(" ", 1)
    answer = json.loads(body)
    assert (status, answer["RoleArn"]) == ("200", ROLE)
    assert {"AccessKeyId", "SecretAccessKey", "Token"} <= answer.keys()
    expiration = datetime.datetime.fromisoformat(answer["Expiration"].replace("Z", "+00:00"))
    assert expiration > datetime.datetime.now(datetime.timezone.utc)


def test_a_container_cannot_use_the_admin_calls(engine_aws):
    # The credentials path is empty without a role, so this asks for the address as it stands.
    line = probe.output_of(engine_aws, "credentials", f"{host(engine_aws)}/_redkite/elbv2")[0]
    assert line.startswith("403 ")
