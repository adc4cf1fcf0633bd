"""Fills moto's server for the suite `secrets`, and prints the keys of two users, each of whom may read one store."""

import json
import os
import urllib.request

import boto3

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def client(name):
    return boto3.client(name, region_name="us-east-1", endpoint_url=ENDPOINT)


store = client("secretsmanager")
npm = store.create_secret(Name="ci/npm", SecretString="npm_first-value")["ARN"]
console = {"user": "ci", "password": "correct-horse-battery", "port": 5432}
store.create_secret(Name="ci/database", SecretString=json.dumps(console))
store.create_secret(Name="ci/binary", SecretBinary=b"\xff\xfe of bytes")
store.create_secret(Name="ci/short", SecretString="hunter2")
store.create_secret(Name="ci/deleted", SecretString="was-a-long-value")
store.delete_secret(SecretId="ci/deleted", RecoveryWindowInDays=7)

parameters = client("ssm")
parameters.put_parameter(Name="/ci/plain", Type="String", Value="plain-parameter")
parameters.put_parameter(Name="/ci/secure", Type="SecureString", Value="secure-parameter")
parameters.put_parameter(Name="/ci/versions", Type="String", Value="version-number-one")
parameters.put_parameter(Name="/ci/versions", Type="String", Value="version-number-two", Overwrite=True)

iam = client("iam")


def user(name, action):
    # moto asks whether the action is allowed on every resource, whichever it is about.
    allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


made = {
    "arn": npm,
    "secrets": user("secrets", "secretsmanager:GetSecretValue"),
    "parameters": user("parameters", "ssm:GetParameter"),
}
print(json.dumps(made))

if os.environ.get("ENFORCE"):
    # From here on moto checks signatures and policies.
    # A body without a type would be taken for a form.
    headers = {"Content-Type": "text/plain"}
    url = f"{ENDPOINT}/moto-api/reset-auth"
    urllib.request.urlopen(urllib.request.Request(url, data=b"0", headers=headers, method="POST"))
