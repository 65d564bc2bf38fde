"""Gap cloudformation.recorded."""

RESOURCES = {
    "Ingress": ("AWS::EC2::SecurityGroupIngress", {"GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}),
    "Egress": ("AWS::EC2::SecurityGroupEgress", {"GroupId": "sg-1", "IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}),
    "FlowLog": ("AWS::EC2::FlowLog", {"ResourceId": "vpc-1", "ResourceType": "VPC", "TrafficType": "REJECT"}),
    "Providers": (
        "AWS::ECS::ClusterCapacityProviderAssociations",
        {"Cluster": "main", "CapacityProviders": ["FARGATE"], "DefaultCapacityProviderStrategy": []},
    ),
    "SecretPolicy": ("AWS::SecretsManager::ResourcePolicy", {"SecretId": "arn:secret", "ResourcePolicy": {}}),
    "Rotation": ("AWS::SecretsManager::RotationSchedule", {"SecretId": "arn:secret"}),
    "Alarm": ("AWS::CloudWatch::CompositeAlarm", {"AlarmRule": "TRUE", "AlarmName": "all"}),
    "Query": ("AWS::Logs::QueryDefinition", {"Name": "errors", "QueryString": "fields @message"}),
    "Certificate": (
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        {"ListenerArn": "arn:listener", "Certificates": [{"CertificateArn": "arn:certificate"}]},
    ),
}
OUTPUTS = {
    "Ingress": {"Ref": "Ingress"},
    "IngressId": {"Fn::GetAtt": ["Ingress", "Id"]},
    "Providers": {"Ref": "Providers"},
    "AlarmArn": {"Fn::GetAtt": ["Alarm", "Arn"]},
    "Query": {"Fn::GetAtt": ["Query", "QueryDefinitionId"]},
}


def test_they_are_created_updated_and_deleted_and_answer_for_themselves(aws):
    def template(change):
        return {
            name: {"Type": kind, "Properties": {**properties, **change}}
            for name, (kind, properties) in RESOURCES.items()
        }

    stack, first = aws.deploy(template({}), outputs=OUTPUTS)
    assert first["Ingress"].startswith("sgr-")
    assert first["Ingress"] == first["IngressId"]
    assert first["Providers"] == "main"
    assert first["AlarmArn"].endswith(":alarm:all")
    assert first["Query"]
    _, second = aws.deploy(template({"Description": "changed"}), stack, outputs=OUTPUTS)
    assert second == first
    aws.remove(stack)
