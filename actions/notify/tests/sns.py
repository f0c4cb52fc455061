"""Amazon SNS for tests: moto's server with topics, each with a queue that is subscribed to it.

    sns.py NAME …

Says `topic NAME ARN` for each, then `ready ENDPOINT`. For a line NAME on standard input it says what arrived in that
queue and what was published, as a line of JSON. Ends when standard input does.
"""

import json
import sys

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

REGION = "eu-central-1"


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {
        "region_name": REGION,
        "endpoint_url": endpoint,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    sns, sqs = boto3.client("sns", **keys), boto3.client("sqs", **keys)
    topics, queues = {}, {}
    for name in sys.argv[1:]:
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        topics[name] = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        queues[name] = sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queues[name], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topics[name], Protocol="sqs", Endpoint=arn)
        print(f"topic {name} {topics[name]}", flush=True)
    print(f"ready {endpoint}", flush=True)
    for line in sys.stdin:
        name = line.strip()
        got = sqs.receive_message(QueueUrl=queues[name], MaxNumberOfMessages=10).get("Messages", [])
        topic = sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[topics[name]]
        published = [
            {"message": message, "subject": subject, "attributes": attributes, "group": group}
            for _, message, subject, attributes, group in topic.sent_notifications
        ]
        print(json.dumps({"arrived": [json.loads(one["Body"]) for one in got], "published": published}), flush=True)


main()
