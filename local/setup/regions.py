"""Regions of AWS that offer every service of a packaged template, by botocore's list of endpoints, a line each.

Of the partition `aws` alone: the others have other names for S3 (serverless.yml, `objectsAddress`). What a list of endpoints cannot
say: the template needs three availability zones, of which us-west-1 gives new accounts two.
"""
import json
import sys

import botocore.session

# Where botocore's name is not CloudFormation's.
RENAMED = {"elasticloadbalancingv2": "elbv2", "msk": "kafka"}
# In no region, or in all.
GLOBAL = {"iam"}
# What the template sets up without a resource of its own: traces.
UNNAMED = {"xray"}

with open(sys.argv[1]) as file:
    types = {resource["Type"].split("::")[1].lower() for resource in json.load(file)["Resources"].values()}
services = {RENAMED.get(name, name) for name in types} - GLOBAL | UNNAMED

session = botocore.session.get_session()
# A service that botocore does not know is an error there, not an empty list.
print("\n".join(sorted(set.intersection(*(set(session.get_available_regions(name)) for name in services)))))
