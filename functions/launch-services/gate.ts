/**
 * A role's task starts beside the quorum, but its process is held until the metadata can be found by name (decision 15): Milvus
 * looks for etcd, and its roles for each other, at distances that double, so a process that was there too early comes seconds
 * too late. Runs in the stock image, before Milvus; where the name is there already, as for a task that ECS replaces, it costs
 * one lookup.
 */

/** Seconds: what a role is late by at most. */
const LOOK = 0.1;

/** Of glibc, seconds: by itself it asks again after 5 when a packet was lost, and the role is late by that. */
const RESOLVER = "RES_OPTIONS='timeout:1 attempts:5'";

/**
 * `$1` is the name, the rest is the command. A shell that is process 1 takes no SIGTERM without a trap; `exec` makes the role
 * that process. An image without getent is not held at all: Milvus then waits by itself, as it did before there was a gate.
 */
const SCRIPT = [
  'name=$1; shift',
  "trap 'exit 143' TERM",
  'command -v getent >/dev/null || exec "$@"',
  `found() { ${RESOLVER} getent ahostsv4 "$name" >/dev/null; }`,
  'if ! found; then',
  '  echo "held until $name can be found"',
  `  until found; do sleep ${LOOK}; done`,
  'fi',
  'exec "$@"',
].join('\n');

/** `command`, once `host` has an address. */
export function heldUntilFound(host: string, command: readonly string[]): string[] {
  return ['sh', '-c', SCRIPT, 'gate', host, ...command];
}
