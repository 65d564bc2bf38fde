"""Step Functions: how long a retry waits.

AWS: IntervalSeconds * BackoffRate^n, at most MaxDelaySeconds; JitterStrategy FULL waits a random time up to that.
MiniStack: knows neither MaxDelaySeconds nor JitterStrategy.
Filled: a retrier is answered with the delay worked out. MiniStack never waits longer than 60 s; that stays.
"""

import random

from ministack.services import stepfunctions as SF

from ...patching import replaces

GAP = "sfn.retry"


@replaces(GAP, SF, "_find_matching_retrier", ("retriers", "error", "retry_counts"))
def find_matching_retrier(original, retriers, error, retry_counts):
    retrier, index = original(retriers, error, retry_counts)
    if retrier is None or not ("MaxDelaySeconds" in retrier or retrier.get("JitterStrategy") == "FULL"):
        return retrier, index
    delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retry_counts.get(index, 0)
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    if retrier.get("JitterStrategy") == "FULL":
        delay = random.uniform(0, delay)
    # MiniStack multiplies the interval by the backoff rate again.
    return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index
