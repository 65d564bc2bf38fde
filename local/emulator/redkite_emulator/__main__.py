"""Starts the local AWS: fills every gap, then serves MiniStack on loopback and on the container network's gateway.

The gateway address (REDKITE_GATEWAY_ADDRESS) appears on this machine only with the first container of the network, so
it is bound with IP_FREEBIND. Nothing else is bound: MiniStack's own start would listen on every interface.
"""

import asyncio
import os
import resource
import socket
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config

from . import gaps
from . import admin

IP_FREEBIND = 15


def listening_socket(address, port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        sys.exit(f"The emulator cannot listen on {address}:{port}: {error.strerror}. Is another copy using this slot?")
    listener.listen(1024)
    listener.setblocking(False)
    os.set_inheritable(listener.fileno(), True)
    return listener


def connect_engine():
    """The client's import and the engine's first answer take over a second; the first task should not pay for them."""
    from ministack.services import ecs

    client = ecs._get_docker()
    if client is not None:
        client.containers.list(all=True)


def main():
    port = int(os.environ["GATEWAY_PORT"])
    gateway = os.environ.get("REDKITE_GATEWAY_ADDRESS")
    listeners = [listening_socket(address, port) for address in ("127.0.0.1", gateway) if address]
    # Each warm function and each container costs descriptors; the usual soft limit of 1,024 is soon reached.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    from ministack.app import app

    gaps.fill_all()
    threading.Thread(target=connect_engine, daemon=True, name="connect-engine").start()
    config = Config()
    config.bind = [f"fd://{listener.fileno()}" for listener in listeners]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO").upper()
    asyncio.run(serve(admin.wrap(app), config))


if __name__ == "__main__":
    main()
