"""Cloud Map: the DNS records of its services (GET /_redkite/discovery).

AWS: Route 53 answers for `<service>.<namespace>` inside the VPC: MULTIVALUE gives up to eight addresses of healthy
instances, all of them when none is healthy; names that do not exist are remembered for the SOA's time.
MiniStack: keeps the instances, writes no records, has no DNS server.
Filled: the records as Route 53 would have them, with a revision. The DNS server of local mode serves them. A service
may be registered twice under a name in MiniStack; on AWS the second CreateService is refused: so it is here.
"""

from ministack.core.responses import error_response_json
from ministack.services import servicediscovery as SD

from .. import admin
from ..patching import replaces
from ..revision import Revision, bumping

GAP = "discovery_state"
DEFAULT_NEGATIVE_TTL_S = 15
MOST_ANSWERS = 8
revision = Revision()


def _bumped(original, *args, **kwargs):
    return bumping(revision, original)(*args, **kwargs)


for _name in (
    "_delete_service",
    "_update_service",
    "_register_instance",
    "_deregister_instance",
    "_update_instance_custom_health_status",
    "_delete_namespace",
    "_update_namespace",
):
    replaces(GAP, SD, _name, ("data",))(_bumped)
replaces(GAP, SD, "_create_namespace_record", ("name", "ns_type", "description", "tags", "soa_ttl", "vpc"))(_bumped)
replaces(GAP, SD, "reset", ())(_bumped)


@replaces(GAP, SD, "_create_service", ("data",))
def create_service(original, data):
    for service in SD._services.values():
        if service["Name"] == data.get("Name") and service["NamespaceId"] == data.get("NamespaceId"):
            return error_response_json(
                "ServiceAlreadyExists",
                f"Service {service['Name']} already exists",
                400,
                {"ServiceId": service["Id"], "CreatorRequestId": service.get("CreatorRequestId", "")},
            )
    return _bumped(original, data)


def _addresses(service):
    instances = SD._instances.get(service["Id"], {})
    health = SD._instance_health_status.get(service["Id"], {})
    healthy = [i for i in instances.values() if health.get(i["Id"], "HEALTHY") == "HEALTHY"]
    addresses = [i.get("Attributes", {}).get("AWS_INSTANCE_IPV4") for i in healthy or instances.values()]
    return [address for address in addresses if address][:MOST_ANSWERS]


def read():
    records, zones = [], []
    for namespace in SD._namespaces.values():
        properties = (namespace.get("Properties") or {}).get("DnsProperties")
        if properties is None:
            continue
        negative_ttl = int(properties.get("SOA", {}).get("TTL", DEFAULT_NEGATIVE_TTL_S))
        zones.append({"name": namespace["Name"], "negativeTtl": negative_ttl})
        for service in SD._services.values():
            if service["NamespaceId"] != namespace["Id"]:
                continue
            for record in (service.get("DnsConfig") or {}).get("DnsRecords", []):
                addresses = _addresses(service)
                if record["Type"] == "A" and addresses:
                    name = f"{service['Name']}.{namespace['Name']}"
                    records.append({"name": name, "type": "A", "ttl": int(record["TTL"]), "addresses": addresses})
    return {"records": records, "zones": zones}


admin.state_route("/_redkite/discovery", revision, read)
