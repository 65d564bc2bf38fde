"""Podman's precreate hook: gets a container's OCI configuration on stdin, gives it back with the clock shifted."""

import json
import sys

library, offset = sys.argv[1:3]
spec = json.load(sys.stdin)
inside = "/redkite-clock.so"
spec["process"]["env"] += [f"LD_PRELOAD={inside}", f"REDKITE_CLOCK_OFFSET={offset}"]
spec["mounts"].append(
    {"destination": inside, "type": "bind", "source": library, "options": ["bind", "ro"]}
)
json.dump(spec, sys.stdout)
