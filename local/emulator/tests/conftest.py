"""One emulator for the whole run, on a free port of loopback, without a container engine.

Tests marked `docker` get a second one (fixture `engine_aws`) on the engine that DOCKER_HOST names; they fail when it
names none, because a skipped test proves nothing. `npm run test:emulator` runs those without, `npm run test:containers`
those with an engine, which it sets up with the network and the image that they need.
"""

import os

import pytest

from cloud import Cloud
from emulator import REGION, Emulator

ENGINE = ("DOCKER_HOST", "REDKITE_NETWORK", "REDKITE_GATEWAY_ADDRESS", "REDKITE_PROBE_IMAGE")


@pytest.fixture(scope="session")
def aws():
    emulator = Emulator(docker_host="unix:///nonexistent/docker.sock")
    yield Cloud(emulator, REGION)
    emulator.stop()


@pytest.fixture(scope="session")
def engine():
    """What DOCKER_HOST says."""
    missing = [name for name in ENGINE if not os.environ.get(name)]
    if missing:
        pytest.fail(f"{', '.join(missing)} not set: `npm run test:containers` sets up what these tests need.")
    return os.environ["DOCKER_HOST"]


@pytest.fixture(scope="session")
def engine_aws(engine):
    emulator = Emulator(docker_host=engine)
    yield Cloud(emulator, REGION)
    emulator.stop()


def pytest_configure(config):
    config.addinivalue_line("markers", "docker: needs a container engine behind DOCKER_HOST")
