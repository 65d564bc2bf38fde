"""Gap sfn.retry."""

import time

FAILING = "export const handler = async () => { throw new Error('again'); };"


def duration(aws, **retry):
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": aws.function(FAILING), "Payload": {}},
        "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, **retry}],
        "End": True,
    }
    started = time.monotonic()
    assert aws.run({"Call": state}, "Call")["status"] == "FAILED"
    return time.monotonic() - started


def test_no_delay_is_longer_than_the_maximum(aws):
    # 1 + 1 + 1 s, where the backoff alone would give 1 + 4 + 16 s.
    assert 2.9 < duration(aws, IntervalSeconds=1, BackoffRate=4, MaxDelaySeconds=1) < 4.5


def test_full_jitter_waits_less(aws):
    assert duration(aws, IntervalSeconds=1, BackoffRate=1, JitterStrategy="FULL") < 3.0
