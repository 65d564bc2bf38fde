"""Gap cloudformation.msk."""

import pytest


def resources(aws, name, secrets, properties, brokers=3):
    configuration = {
        "Type": "AWS::MSK::Configuration",
        "Properties": {"Name": f"{name}-settings", "ServerProperties": properties},
    }
    cluster = {
        "Type": "AWS::MSK::Cluster",
        "Properties": {
            "ClusterName": name,
            "KafkaVersion": "3.9.x",
            "NumberOfBrokerNodes": brokers,
            "BrokerNodeGroupInfo": {
                "InstanceType": "kafka.t3.small",
                "ClientSubnets": ["a", "b", "c"],
                "StorageInfo": {"EBSStorageInfo": {"VolumeSize": 10}},
            },
            "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}},
            "ConfigurationInfo": {
                "Arn": {"Fn::GetAtt": ["Settings", "Arn"]},
                "Revision": {"Fn::GetAtt": ["Settings", "LatestRevision.Revision"]},
            },
            "Tags": {"owner": "me"},
        },
    }
    users = {
        "Type": "AWS::MSK::BatchScramSecret",
        "Properties": {"ClusterArn": {"Ref": "Cluster"}, "SecretArnList": secrets},
    }
    return {"Settings": configuration, "Cluster": cluster, "Users": users}


OUTPUTS = {"Arn": {"Ref": "Cluster"}, "Settings": {"Ref": "Settings"}}


def test_a_cluster_with_its_configuration_and_users_lives_and_dies_with_its_stack(aws):
    kafka, name = aws.client("kafka"), aws.name("messages")
    stack, outputs = aws.deploy(resources(aws, name, ["arn:one"], "auto.create.topics.enable=true"), outputs=OUTPUTS)
    arn = outputs["Arn"]
    info = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert info["ClusterName"] == name
    assert info["CurrentBrokerSoftwareInfo"]["ConfigurationArn"] == outputs["Settings"]
    assert info["BrokerNodeGroupInfo"]["ClientSubnets"] == ["a", "b", "c"]
    assert info["Tags"] == {"owner": "me"}
    assert kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["ClusterName"] == name
    assert kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringSaslScram"] == "10.89.1.250:9096"
    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == ["arn:one"]

    changed = resources(aws, name, ["arn:two"], "message.max.bytes=10485760", brokers=6)
    _, again = aws.deploy(changed, stack, outputs=OUTPUTS)
    assert again["Arn"] == arn
    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == ["arn:two"]
    info = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert info["NumberOfBrokerNodes"] == 6
    assert int(info["CurrentBrokerSoftwareInfo"]["ConfigurationRevision"]) == 2
    revision = kafka.describe_configuration_revision(Arn=outputs["Settings"], Revision=2)
    assert revision["ServerProperties"] == b"message.max.bytes=10485760"

    aws.remove(stack)
    with pytest.raises(kafka.exceptions.NotFoundException):
        kafka.describe_cluster(ClusterArn=arn)
    assert outputs["Settings"] not in [c["Arn"] for c in kafka.list_configurations()["Configurations"]]
