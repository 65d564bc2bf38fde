"""CloudFormation: GenerateSecretString of a secret.

AWS: the generator of GetRandomPassword, with all its options (ExcludePunctuation and so on).
MiniStack: honours them in the API, but in CloudFormation only ExcludeCharacters and PasswordLength.
Filled: CloudFormation asks the API.
"""

import json

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from ..patching import expect, replaces

GAP = "secrets_password"
_get_random_password = expect(GAP, secretsmanager, "_get_random_password", ("data",))
_BOOLEANS = (
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "RequireEachIncludedType",
)


@replaces(GAP, provisioners, "_sm_secret_string", ("props",))
def secret_string(original, props):
    options = props.get("GenerateSecretString")
    if not options or props.get("SecretString"):
        return original(props)
    request = {name: str(options[name]).lower() == "true" for name in _BOOLEANS if name in options}
    request["PasswordLength"] = int(options.get("PasswordLength", 32))
    request["ExcludeCharacters"] = options.get("ExcludeCharacters", "")
    status, _, body = _get_random_password(request)
    answer = json.loads(body)
    if status >= 400:
        raise ValueError(answer.get("message", "GenerateSecretString was refused"))
    password = answer["RandomPassword"]
    if "SecretStringTemplate" not in options:
        return password
    return json.dumps({**json.loads(options["SecretStringTemplate"]), options["GenerateStringKey"]: password})
