"""A worker as boto3 makes one, after the same jobs as ours: it is slow to acknowledge, so that offers
overlap. Prints what it won and lost, as JSON, when the file that it was given is there."""

import json
import os
import random
import sys
import time

from botocore.exceptions import ClientError

import clients

provider, stop, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
choose = random.Random(seed)
codepipeline = clients.client("codepipeline")
won, lost = [], []
print("polling", flush=True)
while not os.path.exists(stop):
    offered = codepipeline.poll_for_jobs(
        actionTypeId=clients.custom("Build", provider), maxBatchSize=choose.randint(1, 3)
    )["jobs"]
    time.sleep(choose.uniform(0.0, 0.15))
    for job in offered:
        try:
            answer = codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidNonceException", error
            lost.append(job["id"])
            continue
        assert answer["status"] == "InProgress", answer
        codepipeline.put_job_success_result(jobId=job["id"], outputVariables={"by": "rival"})
        won.append(job["id"])
print(json.dumps({"won": won, "lost": lost}))
