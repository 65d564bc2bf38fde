"""Gap elbv2.state."""

import threading
import time

import balancers


def test_everything_is_in_one_answer(aws):
    balancer, arn = balancers.load_balancer(aws), balancers.target_group(aws)["TargetGroupArn"]
    made = balancers.listener(aws, balancer, (arn, 1))
    aws.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1", "Port": 5}])
    state = aws.admin("GET", "/_redkite/elbv2")
    assert balancer in [lb["LoadBalancerArn"] for lb in state["LoadBalancers"]]
    assert made["ListenerArn"] in [listener["ListenerArn"] for listener in state["Listeners"]]
    assert made["ListenerArn"] in [rule["ListenerArn"] for rule in state["Rules"]]
    group = next(group for group in state["TargetGroups"] if group["TargetGroupArn"] == arn)
    assert group["Targets"] == [{"Id": "10.0.0.1", "Port": 5}]
    assert {"Key": "stickiness.enabled", "Value": "false"} in group["Attributes"]


def test_who_waits_is_told_within_milliseconds(aws):
    arn = balancers.target_group(aws)["TargetGroupArn"]
    before = aws.admin("GET", "/_redkite/elbv2")["revision"]
    answered = {}

    def wait():
        answered["state"] = aws.admin("GET", f"/_redkite/elbv2?after={before}&timeout=10")
        answered["at"] = time.monotonic()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    assert "at" not in answered
    aws.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.7"}])
    changed = time.monotonic()
    thread.join()
    assert answered["state"]["revision"] > before
    # Milliseconds on a quiet machine; the wait by itself would end after ten seconds.
    assert answered["at"] - changed < 1


def test_reading_changes_nothing_and_a_wait_ends_by_itself(aws):
    revision = aws.admin("GET", "/_redkite/elbv2")["revision"]
    aws.client("elbv2").describe_target_groups()
    assert aws.admin("GET", f"/_redkite/elbv2?after={revision}&timeout=0.2")["revision"] == revision
