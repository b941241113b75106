#!/usr/bin/python3
"""Debian's own aws command, told its endpoint by AWS_ENDPOINT_URL, which it would learn in version 2.13.

Debian 12 has 2.9.19, where --endpoint-url reaches the named service's client only, so that `aws cloudtrail
validate-logs` would ask the real S3. scripts/python.sh puts this into build/venv/bin where PyPI can't be
reached.
"""
import os
import sys

import awscli.clidriver

Session = awscli.clidriver.botocore.session.Session
create_client = Session.create_client


def create_client_here(self, *args, **kwargs):
    if kwargs.get("endpoint_url") is None:
        kwargs["endpoint_url"] = os.environ.get("AWS_ENDPOINT_URL")
    return create_client(self, *args, **kwargs)


Session.create_client = create_client_here
sys.exit(awscli.clidriver.main())
