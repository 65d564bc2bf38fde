"""Gap ecs.logs, on a real engine."""

import pytest

import probe

pytestmark = pytest.mark.docker


def test_everything_a_short_lived_container_wrote_arrives(engine_aws):
    for number in range(3):
        variable = {"name": "NUMBER", "value": str(number)}
        lines = probe.output_of(engine_aws, "show", container={"environment": [variable]})
        assert f"NUMBER={number}" in lines
