"""Gap elbv2.target_groups."""

import urllib.error

import pytest

import balancers


def health(aws, arn):
    found = aws.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {(t["Target"]["Id"], t["Target"].get("Port")): t["TargetHealth"] for t in found}


def test_a_grpc_group_keeps_what_it_was_given(aws):
    elb = aws.client("elbv2")
    made = balancers.target_group(
        aws, ProtocolVersion="GRPC", HealthCheckPort="9091", HealthCheckPath="/healthz", Matcher={"GrpcCode": "0-99"}
    )
    elb.modify_target_group(TargetGroupArn=made["TargetGroupArn"], HealthCheckIntervalSeconds=7)
    found = elb.describe_target_groups(TargetGroupArns=[made["TargetGroupArn"]])["TargetGroups"][0]
    assert found["ProtocolVersion"] == "GRPC"
    assert found["Matcher"] == {"GrpcCode": "0-99"}
    assert (found["HealthCheckPort"], found["HealthCheckPath"]) == ("9091", "/healthz")
    assert found["HealthCheckIntervalSeconds"] == 7


def test_attributes_change_one_by_one(aws):
    elb, arn = aws.client("elbv2"), balancers.target_group(aws)["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
    found = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    assert delay in found
    assert {"Key": "stickiness.enabled", "Value": "false"} in found


def test_a_target_is_an_address_and_a_port(aws):
    elb, arn = aws.client("elbv2"), balancers.target_group(aws)["TargetGroupArn"]
    targets = [{"Id": "10.0.0.1", "Port": 1}, {"Id": "10.0.0.1", "Port": 2}, {"Id": "10.0.0.2"}]
    elb.register_targets(TargetGroupArn=arn, Targets=targets)
    elb.register_targets(TargetGroupArn=arn, Targets=targets[:1])
    assert health(aws, arn).keys() == {("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.2", 19530)}
    elb.deregister_targets(TargetGroupArn=arn, Targets=targets[:1])
    assert health(aws, arn).keys() == {("10.0.0.1", 2), ("10.0.0.2", 19530)}


def test_health_is_what_the_load_balancer_reports(aws):
    elb, arn = aws.client("elbv2"), balancers.target_group(aws)["TargetGroupArn"]
    key = ("10.0.0.1", 19530)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    assert health(aws, arn)[key]["State"] == "unused"
    balancers.listener(aws, balancers.load_balancer(aws), (arn, 1))
    assert health(aws, arn)[key]["State"] == "initial"
    assert health(aws, arn)[key]["Reason"] == "Elb.RegistrationInProgress"
    found = {"state": "unhealthy", "reason": "Target.Timeout", "description": "<slow>"}
    report = {"id": "10.0.0.1", "port": 19530, **found}
    unknown = {"id": "10.0.0.9", "port": 1, "state": "healthy"}
    body = {"targetGroupArn": arn, "targets": [report, unknown]}
    assert aws.admin("POST", "/_redkite/target-health", body) == {"accepted": 1}
    assert health(aws, arn)[key] == {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "<slow>"}
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    assert health(aws, arn)[key]["State"] == "initial"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        aws.admin("POST", "/_redkite/target-health", {"targetGroupArn": "arn:none", "targets": []})


def test_cloudformation_keeps_everything_too(aws):
    def resources(path):
        return {
            "Group": {
                "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                "Properties": {
                    "Protocol": "HTTP",
                    "ProtocolVersion": "GRPC",
                    "Port": 19530,
                    "VpcId": "vpc-1",
                    "TargetType": "ip",
                    "HealthCheckPath": path,
                    "HealthCheckPort": "9091",
                    "Matcher": {"GrpcCode": "0"},
                    "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}],
                },
            }
        }

    elb = aws.client("elbv2")
    stack, outputs = aws.deploy(resources("/one"), outputs={"Arn": {"Ref": "Group"}})
    aws.deploy(resources("/two"), stack, outputs={"Arn": {"Ref": "Group"}})
    found = elb.describe_target_groups(TargetGroupArns=[outputs["Arn"]])["TargetGroups"][0]
    assert (found["ProtocolVersion"], found["Matcher"], found["HealthCheckPath"]) == ("GRPC", {"GrpcCode": "0"}, "/two")
    attributes = elb.describe_target_group_attributes(TargetGroupArn=outputs["Arn"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "1"} in attributes
    assert {"Key": "stickiness.enabled", "Value": "false"} in attributes
    aws.remove(stack)
