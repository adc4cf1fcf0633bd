"""EventBridge and SQS of moto's server, for the suite `cancel`: boto3 does what an operator and CodePipeline do.

  queue NAME SECS creates a queue, whose messages come again after so many seconds, and prints its URL
  setup           applies what `pipefitter events` printed, from the variable INPUT
  put             puts the events of a JSON list (detail objects) from the variable INPUT on the bus
  send URL        sends each item of a JSON list of texts from the variable INPUT to the queue, as anybody may
  left URL        prints how many messages wait, and how many were received and not deleted
  delete URL      deletes the queue
"""

import json
import os
import sys

import boto3

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def client(name):
    return boto3.client(name, region_name="us-east-1", endpoint_url=ENDPOINT)


def main(what, *rest):
    sqs, events = client("sqs"), client("events")
    if what == "queue":
        attributes = {"VisibilityTimeout": rest[1]}
        print(sqs.create_queue(QueueName=rest[0], Attributes=attributes)["QueueUrl"])
    elif what == "setup":
        made = json.loads(os.environ["INPUT"])
        events.put_rule(**made["put-rule"])
        sqs.set_queue_attributes(**made["set-queue-attributes"])
        failed = events.put_targets(**made["put-targets"])["FailedEntryCount"]
        assert failed == 0, "a target was refused"
    elif what == "put":
        entries = [
            {
                "Source": "aws.codepipeline",
                "DetailType": "CodePipeline Action Execution State Change",
                "Detail": json.dumps(detail),
            }
            for detail in json.loads(os.environ["INPUT"])
        ]
        failed = events.put_events(Entries=entries)["FailedEntryCount"]
        assert failed == 0, "an event was refused"
    elif what == "send":
        for body in json.loads(os.environ["INPUT"]):
            sqs.send_message(QueueUrl=rest[0], MessageBody=body)
    elif what == "left":
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = sqs.get_queue_attributes(QueueUrl=rest[0], AttributeNames=names)["Attributes"]
        print(json.dumps([int(got[name]) for name in names]))
    elif what == "delete":
        sqs.delete_queue(QueueUrl=rest[0])
    else:
        raise SystemExit(f"no such command: {what}")


main(*sys.argv[1:])
