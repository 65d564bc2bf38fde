"""Lambda: a warm call without a wait of 50 ms for log lines.

AWS: a warm call costs its handler and about a millisecond.
MiniStack: logs travel on another pipe than the answer, so after each answer it waits until 50 ms passed without a line
(5 ms after the last one).
Filled: before its answer the Node worker writes a mark to the log pipe. Both pipes are written synchronously by one
process, so everything up to the mark is this call's log and nothing has to be waited for.
"""

import json
import queue
import time

from ministack.core import lambda_runtime as LR

from ...patching import expect, replaces, substitute

GAP = "functions.latency"
MARK = "\x1eredkite-end-of-call"
# A mark that does not come (a handler that closed its stderr) must not hold the answer for ever.
LONGEST_WAIT_S = 0.25

script = expect(GAP, LR, "_NODEJS_WORKER_SCRIPT")
WRITE = "const _realStdoutWrite = process.stdout.write.bind(process.stdout);"
# The first line is the worker's "ready", which nobody reads a log for.
MARKING_WRITE = f"""
const _writeAnswer = process.stdout.write.bind(process.stdout);
let _isReady = false;
function _realStdoutWrite(line) {{
  if (_isReady) _stderrWrite({json.dumps(MARK)} + "\\n");
  _isReady = true;
  return _writeAnswer(line);
}}
"""
LR._NODEJS_WORKER_SCRIPT = substitute(GAP, script, WRITE, MARKING_WRITE)
expect(GAP, LR.Worker, "_read_stderr", ("self",))


@replaces(GAP, LR.Worker, "_drain_stderr_bounded", ("self", "first_line_wait", "idle_confirm", "hard_cap"))
def drain_stderr_bounded(original, self, *args, **kwargs):
    if self._proc is None or not str(self.config.get("Runtime", "")).startswith("nodejs"):
        return original(self, *args, **kwargs)
    lines = []
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        try:
            line = self._stderr_queue.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return "\n".join(lines)
        if line.endswith(MARK):
            # What a handler wrote without a final newline stands before the mark.
            return "\n".join([*lines, line[: -len(MARK)]] if line != MARK else lines)
        lines.append(line)
