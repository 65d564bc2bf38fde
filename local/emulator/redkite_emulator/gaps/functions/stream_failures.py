"""Lambda: a batch of a DynamoDB stream of which a part failed.

AWS: with ReportBatchItemFailures the mapping goes on from the first record that the function names, and brings it and
all that follow it again.
MiniStack: knows this for queues only; of a stream, records that failed are taken for done and never come again.
Filled: the position stays before the first record that is named, and the next try waits as after an error.
MaximumRetryAttempts is still not heeded (MaximumRecordAgeInSeconds is): what fails here fails for longer than on AWS.
"""

import inspect

from ministack.services import lambda_svc as LS

from ...patching import expect, substitute

GAP = "functions.stream_failures"


def first_failure(esm, raw, result):
    """Index in `raw` of the first record that the answer names; None when the batch is done (or failed as a whole)."""
    body = result.get("body")
    if result.get("error") or not isinstance(body, dict):
        return None
    if "ReportBatchItemFailures" not in (esm.get("FunctionResponseTypes") or []):
        return None
    named = {failure.get("itemIdentifier") for failure in body.get("batchItemFailures") or []}
    if not named:
        return None
    numbers = [record["dynamodb"]["SequenceNumber"] for record in raw]
    # A name that is not in the batch means the whole batch, as on AWS.
    return min((numbers.index(name) if name in numbers else 0) for name in named)


source = inspect.getsource(expect(GAP, LS, "_poll_dynamodb_streams", ()))
source = substitute(
    GAP, source, "            raw_len = len(batch)\n", "            raw_len = len(batch)\n            raw = batch\n"
)
source = substitute(
    GAP,
    source,
    "            result = _execute_function(func_rec, event)\n",
    """            result = _execute_function(func_rec, event)
            failed_at = _redkite_first_failure(esm, raw, result)
            if failed_at is not None:
                with _dynamodb_stream_positions_lock:
                    _dynamodb_stream_positions[esm_id] = pos + failed_at
                _esm_backoff_until[esm_id] = time.time() + _ESM_BACKOFF_SECONDS
                esm["LastProcessingResult"] = f"OK - {failed_at} records, the rest comes again"
                continue
""",
)
LS._redkite_first_failure = first_failure
# Within the module, so that it finds all that the original found; the poller looks it up there each time.
exec(compile(source, LS.__file__, "exec"), vars(LS))
