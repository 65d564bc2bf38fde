"""Gap msk_api."""


def test_a_cluster_is_seen_by_both_versions_of_the_api(aws):
    kafka = aws.client("kafka")
    arn = kafka.create_cluster(
        ClusterName=aws.name("messages"),
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=3,
        BrokerNodeGroupInfo={"InstanceType": "kafka.t3.small", "ClientSubnets": ["a", "b", "c"]},
        ClientAuthentication={"Sasl": {"Scram": {"Enabled": True}}},
    )["ClusterArn"]
    found = kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    assert (found["ClusterType"], found["State"]) == ("PROVISIONED", "ACTIVE")
    assert found["Provisioned"]["NumberOfBrokerNodes"] == 3
    assert found["Provisioned"]["CurrentBrokerSoftwareInfo"]["KafkaVersion"] == "3.9.x"
    assert arn in [cluster["ClusterArn"] for cluster in kafka.list_clusters_v2()["ClusterInfoList"]]
    brokers = kafka.get_bootstrap_brokers(ClusterArn=arn)
    brokers.pop("ResponseMetadata")
    assert brokers == {"BootstrapBrokerStringSaslScram": "10.89.1.250:9096"}
