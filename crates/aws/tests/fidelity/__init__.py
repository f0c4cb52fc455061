"""AWS for tests: moto behind a layer that answers as AWS documents it, takes its time, and fails on demand (README.md)."""

import os

# Thousands of public images would be made with each account and region.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
# moto asks boto3 for lists of regions, which reads the user's settings.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
