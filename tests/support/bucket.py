"""moto's S3, as a process of its own: a server that checks signatures and rights, keeps objects with what is said of them, and knows
If-Match. In front of it stands only what breaks: answers that are refused, slow or cut off on demand.

Says "listening PORT" and the keys of two users on one line: one may do everything with the bucket "calendar", the other nothing. Then each
line of standard input is a command in JSON, and its answer a line of standard output. Only requests of convened are counted."""

import base64
import hashlib
import json
import os
import pathlib
import sys
import threading
import time

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "inf"
import boto3
from botocore.config import Config
from moto import settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

BUCKET = "calendar"
requests, fault, lock = [], None, threading.Lock()
moto = DomainDispatcherApplication(create_backend_app)


def refused(status, code):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>On demand.</Message></Error>".encode()
    return status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body


def app(environ, start):
    ours = environ.get("HTTP_USER_AGENT", "").startswith("convened/")
    line = [environ["REQUEST_METHOD"], environ.get("PATH_INFO", "").removeprefix(f"/{BUCKET}").lstrip("/"), None]
    if not ours:
        return moto(environ, start)
    if fault == "slow":
        time.sleep(0.4)
    answer = {"busy": refused("503 Slow Down", "SlowDown"), "broken": refused("500 Internal Server Error", "InternalError")}.get(fault)
    if fault == "silent":
        time.sleep(30)
    if fault == "no conditions" and ("HTTP_IF_MATCH" in environ or "HTTP_IF_NONE_MATCH" in environ):
        answer = refused("501 Not Implemented", "NotImplemented")
    if answer:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with lock:
            requests.append(line[:2] + [int(answer[0][:3])])
        start(answer[0], answer[1])
        return [answer[2]]

    def noted(status, headers, info=None):
        with lock:
            requests.append(line[:2] + [int(status[:3])])
        return start(status, headers, info)

    return moto(environ, noted)


class Quiet(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


server = make_server("127.0.0.1", 0, app, True, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_address[1]


def client(service, key="testing", secret="testing"):
    where = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "us-east-1"}
    return boto3.client(
        service,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(proxies={}, s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        **where,
    )


iam = client("iam")
keys = []
for user, action in [("publisher", "s3:*"), ("stranger", "sts:GetCallerIdentity")]:
    iam.create_user(UserName=user)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName=user)["AccessKey"]
    keys.append((made["AccessKeyId"], made["SecretAccessKey"]))
client("s3").create_bucket(Bucket=BUCKET)
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
s3 = client("s3", *keys[0])
print("listening", port, *[word for key in keys for word in key], flush=True)


def everything():
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        found |= {entry["Key"]: entry["ETag"] for entry in page.get("Contents", [])}
    return found


def get(key):
    """The object with the headers of the answer."""
    try:
        answer = s3.get_object(Bucket=BUCKET, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return {"headers": headers, "body": base64.b64encode(answer["Body"].read()).decode()}


def differs(folder, prefix):
    """Files of a folder that are not in the bucket as they are, and objects that are no file of it."""
    there = {key.removeprefix(prefix): etag.strip('"') for key, etag in everything().items() if key.startswith(prefix)}
    files = (path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    ours = {str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest() for path in files}
    ours.pop("convened-files.json", None)
    return sorted(name for name in there.keys() | ours.keys() if there.get(name) != ours.get(name))


for command in sys.stdin:
    command = json.loads(command)
    key = command.get("key")
    answer = None
    match command["do"]:
        case "list":
            answer = everything()
        case "get":
            answer = get(key)
        case "differs":
            answer = differs(command["folder"], command["prefix"])
        case "put":
            s3.put_object(Bucket=BUCKET, Key=key, Body=command["text"].encode())
        case "delete":
            s3.delete_object(Bucket=BUCKET, Key=key)
        case "requests":
            with lock:
                answer, requests = requests, []
        case "fault":
            fault = command["is"]
    print(json.dumps(answer), flush=True)
