"""Gap discovery_state."""

import threading
import time

import pytest


def namespace(aws, name, negative_ttl=2):
    sd = aws.client("servicediscovery")
    operation = sd.create_private_dns_namespace(
        Name=name, Vpc="vpc-1", Properties={"DnsProperties": {"SOA": {"TTL": negative_ttl}}}
    )["OperationId"]
    return sd.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]


def service(aws, namespace_id, name):
    config = {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 3}]}
    return aws.client("servicediscovery").create_service(NamespaceId=namespace_id, Name=name, DnsConfig=config)[
        "Service"
    ]["Id"]


def register(aws, service_id, instance, address):
    return aws.client("servicediscovery").register_instance(
        ServiceId=service_id, InstanceId=instance, Attributes={"AWS_INSTANCE_IPV4": address}
    )["OperationId"]


def records(aws, zone):
    return [r for r in aws.admin("GET", "/_redkite/discovery")["records"] if r["name"].endswith(zone)]


def test_records_follow_the_instances(aws):
    sd, zone = aws.client("servicediscovery"), f"{aws.name('zone')}.internal"
    identifier = service(aws, namespace(aws, zone), "etcd-0.demo")
    assert records(aws, zone) == []
    operation = register(aws, identifier, "etcd-0", "10.0.0.1")
    assert sd.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS"
    register(aws, identifier, "etcd-0", "10.0.0.2")
    expected = {"name": f"etcd-0.demo.{zone}", "type": "A", "ttl": 3, "addresses": ["10.0.0.2"]}
    assert records(aws, zone) == [expected]
    register(aws, identifier, "other", "10.0.0.3")
    assert records(aws, zone) == [{**expected, "addresses": ["10.0.0.2", "10.0.0.3"]}]
    sd.deregister_instance(ServiceId=identifier, InstanceId="other")
    sd.deregister_instance(ServiceId=identifier, InstanceId="etcd-0")
    assert records(aws, zone) == []
    assert {"name": zone, "negativeTtl": 2} in aws.admin("GET", "/_redkite/discovery")["zones"]


def test_unhealthy_instances_are_left_out_unless_all_are(aws):
    sd, zone = aws.client("servicediscovery"), f"{aws.name('zone')}.internal"
    identifier = sd.create_service(
        NamespaceId=namespace(aws, zone),
        Name="metadata",
        DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 1}]},
        HealthCheckCustomConfig={"FailureThreshold": 1},
    )["Service"]["Id"]
    for number in (1, 2):
        register(aws, identifier, f"i-{number}", f"10.0.0.{number}")
    sd.update_instance_custom_health_status(ServiceId=identifier, InstanceId="i-1", Status="UNHEALTHY")
    assert records(aws, zone)[0]["addresses"] == ["10.0.0.2"]
    sd.update_instance_custom_health_status(ServiceId=identifier, InstanceId="i-2", Status="UNHEALTHY")
    assert records(aws, zone)[0]["addresses"] == ["10.0.0.1", "10.0.0.2"]


def test_a_name_is_given_once(aws):
    sd, zone = aws.client("servicediscovery"), f"{aws.name('zone')}.internal"
    identifier = namespace(aws, zone)
    service(aws, identifier, "proxy.demo")
    with pytest.raises(sd.exceptions.ServiceAlreadyExists):
        service(aws, identifier, "proxy.demo")


def test_who_waits_is_told(aws):
    zone = f"{aws.name('zone')}.internal"
    identifier = service(aws, namespace(aws, zone), "etcd-0.demo")
    before = aws.admin("GET", "/_redkite/discovery")["revision"]
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(aws.admin("GET", f"/_redkite/discovery?after={before}&timeout=10"))
    )
    thread.start()
    started = time.monotonic()
    register(aws, identifier, "etcd-0", "10.0.0.1")
    thread.join()
    assert time.monotonic() - started < 1
    assert answers[0]["revision"] > before
