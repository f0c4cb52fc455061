"""Error answers in each protocol of AWS's services, for what moto is not asked about."""

import json
import uuid
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

JSON = {"ssm": "AmazonSSM", "kms": "TrentService", "secretsmanager": "secretsmanager", "ecr": "ecr", "events": "events"}
REST_JSON = {"ebs", "lambda", "scheduler"}


class Refusal(ServiceException):
    """moto looks for the service of an error by the module of its class: here it is the service that was asked."""


def refuse(code, message, **members):
    """An exception that moto writes as an error of the service that was asked."""
    error = Refusal(code, message)
    for name, value in members.items():
        setattr(error, name, value)
    return error


class Plain(HTTPException):
    """An error answer as it is, with a status that moto would not give it."""

    def __init__(self, service, status, code, message):
        super().__init__()
        self.code, self._headers, body = error(service, status, code, message)
        self.description = body.decode()

    def get_headers(self, *_):
        return list(self._headers.items())

    def get_body(self, *_):
        return self.description


def error(service, status, code, message):
    """The status, headers and body of an error answer."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-requestid": request_id}
    said = escape(message)
    if service in JSON:
        headers["Content-Type"] = "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": message})
    elif service in REST_JSON:
        headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        body = json.dumps({"message": message, "Message": message})
    elif service == "s3":
        headers = {"Content-Type": "application/xml", "x-amz-request-id": request_id, "x-amz-id-2": request_id}
        body = (f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{said}</Message>"
                f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>")
    elif service == "ec2":
        headers["Content-Type"] = "text/xml;charset=UTF-8"
        body = (f"<?xml version='1.0' encoding='UTF-8'?><Response><Errors><Error><Code>{code}</Code><Message>{said}"
                f"</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>")
    else:
        headers["Content-Type"] = "text/xml"
        kind = "Sender" if status < 500 else "Receiver"
        body = (f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{said}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>")
    return status, headers, body.encode()


def throttled(service):
    """What the service says when it is asked too often."""
    status, code, message = {
        "ec2": (503, "RequestLimitExceeded", "Request limit exceeded."),
        "s3": (503, "SlowDown", "Please reduce your request rate."),
        "ebs": (400, "RequestThrottledException", "Rate exceeded"),
        "sts": (400, "Throttling", "Rate exceeded"),
    }.get(service, (400, "ThrottlingException", "Rate exceeded"))
    return error(service, status, code, message)


def broken(service, status):
    """What the service says when something of its own failed."""
    codes = {"ec2": ("InternalError", "Unavailable"), "s3": ("InternalError", "ServiceUnavailable"),
             "sts": ("InternalFailure", "ServiceUnavailable"), "kms": ("KMSInternalException", "DependencyTimeoutException"),
             "ebs": ("InternalServerException", "ServiceUnavailable")}
    internal, unavailable = codes.get(service, ("InternalServerError", "ServiceUnavailable"))
    return error(service, status, unavailable if status == 503 else internal, "An internal error has occurred")


def expired(service):
    """What the service says to credentials whose time is over."""
    status, code, message = {
        "ec2": (400, "RequestExpired", "Request has expired."),
        "s3": (400, "ExpiredToken", "The provided token has expired."),
        "sts": (403, "ExpiredToken", "The security token included in the request is expired"),
    }.get(service, (400, "ExpiredTokenException", "The security token included in the request is expired"))
    return error(service, status, code, message)
