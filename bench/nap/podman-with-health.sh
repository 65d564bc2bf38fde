#!/bin/sh
# podman as podman-compose wants it for `depends_on: condition: service_healthy`. podman 4.3 has health checks, but runs them
# by systemd timers only and cannot wait for their result; podman-compose then leaves the condition out. This stands in for
# both: it says it can, and waits by running each check once an interval, as the timer would.
set -u
if [ "$*" = '--version' ]; then
  echo 'podman version 4.6.0'
  exit 0
fi
if [ "${1:-}" = 'wait' ] && [ "${2:-}" = '--condition=healthy' ]; then
  shift 2
  for container in "$@"; do
    until podman healthcheck run "$container" > /dev/null 2>&1; do sleep "$HEALTH_INTERVAL"; done
  done
  exit 0
fi
exec podman "$@"
