"""MSK: the v2 API, and changes of a cluster.

AWS: DescribeClusterV2 and ListClustersV2 for every cluster; UpdateBrokerCount and UpdateClusterConfiguration.
MiniStack: the v1 API without changes ("No route for GET /api/v2/clusters").
Filled: the two v2 reads, as the v1 record in the v2 shape. Bootstrap strings come from the environment
(MINISTACK_MSK_BOOTSTRAP_SASL_SCRAM); MiniStack invents the ones that are not set, AWS leaves out what the cluster's
client authentication does not offer, and so does this.
"""

import json
from urllib.parse import unquote

from ministack.services import msk

from ..patching import expect, replaces

GAP = "msk_api"
V2 = "/api/v2/clusters"
expect(GAP, msk, "_validate_existing_cluster_arn", ("arn",))
_camelize = expect(GAP, msk, "_camelize", ("obj",))
# Members of the v1 record that stand beside `provisioned` in the v2 shape.
_SHARED = ("ClusterArn", "ClusterName", "CreationTime", "CurrentVersion", "State", "Tags")


def _v2(info):
    provisioned = {key: value for key, value in info.items() if key not in _SHARED}
    return {**{key: info[key] for key in _SHARED}, "ClusterType": "PROVISIONED", "Provisioned": provisioned}


@replaces(GAP, msk, "handle_request", ("method", "path", "headers", "body", "query_params"))
async def handle_request(original, method, path, headers, body, query_params):
    if method == "GET" and path == V2:
        prefix = (query_params.get("clusterNameFilter") or [""])[0]
        found = [_v2(info) for info in msk._clusters.values() if info["ClusterName"].startswith(prefix)]
        return msk._json({"ClusterInfoList": found})
    if method == "GET" and path.startswith(f"{V2}/"):
        arn = unquote(path.removeprefix(f"{V2}/"))
        return msk._validate_existing_cluster_arn(arn) or msk._json({"ClusterInfo": _v2(msk._clusters[arn])})
    return await original(method, path, headers, body, query_params)


def _offered(info):
    authentication = json.loads(json.dumps(info.get("ClientAuthentication") or {}).lower())
    sasl = authentication.get("sasl") or {}
    names = set()
    if (sasl.get("scram") or {}).get("enabled"):
        names.add("BootstrapBrokerStringSaslScram")
    if (sasl.get("iam") or {}).get("enabled"):
        names.add("BootstrapBrokerStringSaslIam")
    if (authentication.get("tls") or {}).get("enabled") or not names:
        names |= {"BootstrapBrokerString", "BootstrapBrokerStringTls"}
    return names


@replaces(GAP, msk, "_get_bootstrap_brokers", ("arn",))
def get_bootstrap_brokers(original, arn):
    error = msk._validate_existing_cluster_arn(arn)
    if error:
        return error
    info = msk._clusters[arn]
    strings = msk._bootstrap_strings(info["ClusterName"])
    return msk._json({name: value for name, value in strings.items() if name in _offered(info) and value})
