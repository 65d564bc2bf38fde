"""ECS: the last lines of a container.

AWS: the awslogs driver delivers everything a container wrote, also of one that lived for a moment.
MiniStack: follows the log of the running container, and loses what it has not read when the container is removed.
podman's `follow` may miss the end of a container and then goes on until it is removed; and it asks for the container's
state four times a second, each time with locks and a database: ten containers kept more than one core busy.
Filled: the log's own file is read as it grows; before a container is removed the whole log is read once more, and what
was not counted is delivered.
"""

import os
import threading

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

from ...patching import expect, replaces

GAP = "ecs.logs"
LOOK_EVERY_S = 0.5
_ensure_stream = expect(GAP, ecs, "_ensure_awslogs_stream", ("config",))
_deliver = expect(GAP, ecs, "_emit_awslogs_event", ("config", "message"))
_config = expect(GAP, ecs, "_awslogs_config", ("cdef", "task_id", "container_id"))
_logs = {}


class _Log:
    """One container's way into CloudWatch."""

    def __init__(self, container, config, scope):
        self._container = container
        self._config = config
        self._scope = scope
        self._lock = threading.Lock()
        self._delivered = 0
        self._closed = False
        self._changed = threading.Event()
        self._exists = None

    def _deliver(self, lines):
        if self._exists is None:
            self._exists = _ensure_stream(self._config)
        for line in lines if self._exists else ():
            _deliver(self._config, line)
            self._delivered += 1

    def follow(self):
        """Reads the file that the engine writes (k8s-file: `<time> <stream> <F|P> <text>`, P for a part of a line)."""
        self._container.reload()
        path = self._container.attrs.get("LogPath")
        if not path or not os.path.exists(path):
            self._follow_engine()
            return
        part = ""
        with open(path, encoding="utf-8", errors="replace") as log:
            while not self._closed:
                lines = []
                while (line := log.readline()).endswith("\n"):
                    _, _, kind, text = (line[:-1].split(" ", 3) + ["", "", ""])[:4]
                    part += text
                    if kind != "P":
                        lines.append(part)
                        part = ""
                if line:
                    log.seek(log.tell() - len(line.encode()))
                if lines:
                    with self._lock, request_scope(*self._scope):
                        if not self._closed:
                            self._deliver(lines)
                elif os.stat(path).st_size < log.tell():
                    log.seek(0)  # The engine began the file anew at its size limit.
                self._changed.wait(LOOK_EVERY_S)

    def _follow_engine(self):
        unfinished = b""
        try:
            for chunk in self._container.logs(stream=True, follow=True, stdout=True, stderr=True):
                *lines, unfinished = (unfinished + chunk).split(b"\n")
                with self._lock, request_scope(*self._scope):
                    if self._closed:
                        return
                    self._deliver(line.decode("utf-8", "replace") for line in lines)
        except Exception as error:
            # The container is gone; `close` has seen to the rest.
            ecs.logger.debug("the log of %s is no longer followed: %s", self._container.id[:12], error)

    def close(self):
        everything = self._container.logs(stdout=True, stderr=True).decode("utf-8", "replace")
        with self._lock, request_scope(*self._scope):
            self._closed = True
            self._changed.set()
            self._deliver(everything.removesuffix("\n").split("\n")[self._delivered :] if everything else [])


@replaces(GAP, ecs, "_start_awslogs_forwarder", ("container", "cdef", "task_id"))
def start_awslogs_forwarder(_original, container, cdef, task_id):
    config = _config(cdef, task_id, container.id)
    if not config:
        return
    # awslogs-region is where the lines go, not where the task runs. Known from here on, so that the end of a container
    # that is over before its log is followed is delivered too.
    log = _logs[container.id] = _Log(container, config, (get_account_id(), config["region"] or get_region()))
    threading.Thread(target=log.follow, daemon=True, name=f"redkite-awslogs-{task_id[:8]}").start()


def deliver_rest(task):
    """Called when the task's containers have ended and are still there."""
    for identifier in task.get("_docker_ids") or []:
        log = _logs.pop(identifier, None)
        if log is not None:
            try:
                log.close()
            except Exception as error:
                ecs.logger.warning("the end of the log of %s is lost: %s", identifier[:12], error)
