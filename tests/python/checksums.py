"""CRC64NVME, which boto3 can compute with AWS's C library: sent, verified, refused where it is wrong, and given back."""

import base64
import io
import os

from awscrt.checksums import crc64nvme
from botocore.exceptions import ClientError

import clients

s3 = clients.client("s3", response_checksum_validation="when_supported")
BUCKET = "checksums"
s3.create_bucket(Bucket=BUCKET)


def sum_of(content):
    return base64.b64encode(crc64nvme(content).to_bytes(8, "big")).decode()


def kept(key):
    return s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")


# The check value of the algorithm's catalogue.
assert crc64nvme(b"123456789") == 0xAE8B14860A799888

content = os.urandom(300_000)
put = s3.put_object(Bucket=BUCKET, Key="trailer", Body=content, ChecksumAlgorithm="CRC64NVME")
assert put["ChecksumCRC64NVME"] == sum_of(content), put
assert put["ChecksumType"] == "FULL_OBJECT", put
assert kept("trailer")["ChecksumCRC64NVME"] == sum_of(content)
got = s3.get_object(Bucket=BUCKET, Key="trailer", ChecksumMode="ENABLED")
# boto3 computes it again while it reads, and fails where it differs.
assert got["Body"].read() == content and got["ChecksumCRC64NVME"] == sum_of(content)

put = s3.put_object(Bucket=BUCKET, Key="header", Body=content, ChecksumCRC64NVME=sum_of(content))
assert put["ChecksumCRC64NVME"] == sum_of(content), put
for wrong in (sum_of(content[1:]), sum_of(b"")):
    try:
        s3.put_object(Bucket=BUCKET, Key="wrong", Body=content, ChecksumCRC64NVME=wrong)
        raise SystemExit("a wrong checksum was accepted")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "BadDigest", error
listed = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
assert "wrong" not in listed, listed

large = os.urandom(20 << 20)
s3.upload_fileobj(io.BytesIO(large), BUCKET, "parts", ExtraArgs={"ChecksumAlgorithm": "CRC64NVME"})
found = kept("parts")
# That of the whole content, computed from those of its parts.
assert found["ChecksumCRC64NVME"] == sum_of(large) and found["ChecksumType"] == "FULL_OBJECT", found
assert "-" in found["ETag"], found
read = io.BytesIO()
s3.download_fileobj(BUCKET, "parts", read)
assert read.getvalue() == large

# What a client sends without naming one: boto3's default is CRC32; who sends none gets a CRC64NVME.
plain = clients.client("s3", request_checksum_calculation="when_required")
plain.put_object(Bucket=BUCKET, Key="none", Body=content)
assert kept("none")["ChecksumCRC64NVME"] == sum_of(content)
print("checksums were sent, verified and given back")
