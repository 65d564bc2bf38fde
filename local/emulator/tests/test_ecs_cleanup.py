"""Gap ecs_cleanup, on a real engine."""

import os

import pytest

import engine
import tasks
from cloud import Cloud
from conftest import REGION, Emulator

pytestmark = pytest.mark.docker


def test_no_container_outlives_the_emulator():
    import docker

    emulator = Emulator(docker_host=os.environ["DOCKER_HOST"])
    aws = Cloud(emulator, REGION)
    cluster = tasks.cluster(aws)
    arn = tasks.run(aws, cluster, engine.definition(aws, "stubborn"))
    engine.running(aws, cluster, arn)
    client = docker.from_env()

    def containers():
        label = f"com.amazonaws.ecs.task-arn={arn}"
        return client.containers.list(all=True, filters={"label": label})

    assert containers()[0].name.startswith(f"redkite-{cluster}-")
    emulator.stop()
    assert containers() == []
