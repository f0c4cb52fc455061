"""The one port: control calls under /_fidelity/, every other request to moto, with the faults and latency that were set."""

import io
import select
import socket
import threading
import time
import traceback
import uuid

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from . import answers, control, mends, sessions, world
from .calls import Call, log
from .faults import faults, kill


class Cut(ConnectionAbortedError):
    """The connection ends without a byte of an answer."""


class Handler(WSGIRequestHandler):
    # Head and body are written apart; a client that waits for both would wait for the kernel's timer.
    disable_nagle_algorithm = True

    def log(self, *_):
        pass


class Application:
    def __init__(self):
        mends.apply()
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ, start_response):
        # The server has taken the chunks apart; without a length the input ends where it ends.
        chunked = environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH")
        length = -1 if chunked else int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if chunked:
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_fidelity/"):
            return send(start_response, *control.answer(environ["REQUEST_METHOD"], path.removeprefix("/_fidelity/"), body))
        return send(start_response, *self._call(environ, body))

    def _call(self, environ, body):
        call = Call(environ, body)
        # Whatever the client signed with decides; moto itself would look in fewer places.
        call.account = sessions.account_of(call.access_key)
        entry = log.begin(call)
        fault = faults.of(call)
        entry["fault"] = fault and fault.kind
        latency = world.current().settings["latency_ms"]
        pause = latency.get(call.name, latency.get(call.operation, latency.get(call.service, latency.get("*", 0))))
        if pause:
            time.sleep(pause / 1000)
        connection = environ["werkzeug.socket"]
        # As the client has it: its own end, and this one.
        ends = (connection.getpeername(), connection.getsockname())
        kind = fault.kind if fault else ""
        if kind == "kill-before":
            entry["outcome"] = "killed"
            kill(fault, ends)
            self._cut(connection, entry, "killed")
        if kind == "cut-before":
            self._cut(connection, entry, "cut")
        if kind == "hang-before":
            self._hang(connection, entry)
        answer = fault and fault.answer(call)
        if answer is None:
            answer = self._effect(environ, call, fault)
        if kind == "kill-after":
            entry["outcome"] = "killed"
            kill(fault, ends)
            self._cut(connection, entry, "killed")
        if kind == "cut-after":
            self._cut(connection, entry, "cut")
        if kind == "hang-after":
            self._hang(connection, entry)
        entry["outcome"], entry["status"] = "answered", answer[0]
        return answer

    def _effect(self, environ, call, fault):
        with world.lock:
            if sessions.expired(call.access_key):
                return answers.expired(call.service)
            world.current().outcome = fault.rule if fault and fault.kind == "failed" else None
            try:
                status, headers, body = ask(self._moto, environ)
            except Exception as error:
                # moto has no such call, or stumbled over it: that is said in full, and never taken for an answer.
                traceback.print_exc()
                return answers.error(call.service, 501, "FidelityNotImplemented", f"{call.name}: {error!r}")
            finally:
                world.current().outcome = None
        return status, *with_request_id(call.service, headers, body)

    def _cut(self, connection, entry, outcome):
        entry["outcome"] = outcome
        connection.shutdown(socket.SHUT_RDWR)
        raise Cut(outcome)

    def _hang(self, connection, entry):
        entry["outcome"] = "hung"
        generation = world.generation
        while world.generation == generation:
            readable, _, _ = select.select([connection], [], [], 0.1)
            if readable and not connection.recv(1, socket.MSG_PEEK):
                break
        self._cut(connection, entry, "hung")


def with_request_id(service, headers, body):
    """The answer with an id of its own, in its head and, where it has one, in its body."""
    request_id = uuid.uuid4().hex[:16].upper() if service == "s3" else str(uuid.uuid4())
    name = "x-amz-request-id" if service == "s3" else "x-amzn-requestid"
    headers = {key: value for key, value in headers.items() if key.lower() != name}
    headers[name] = request_id
    if service == "s3":
        headers["x-amz-id-2"] = request_id
    # What moto writes into every body.
    return headers, body.replace(b">request-id<", f">{request_id}<".encode())


def ask(application, environ):
    """The status, headers and body that a WSGI application answers with."""
    said = {}

    def start_response(status, headers, _=None):
        said["status"], said["headers"] = int(status.split()[0]), dict(headers)

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return said["status"], said["headers"], body


def send(start_response, status, headers, body):
    headers = {name: value for name, value in headers.items() if name.lower() not in ("connection", "transfer-encoding")}
    # The head of an answer to HEAD tells the length of a body that is not there.
    if body or not any(name.lower() == "content-length" for name in headers):
        headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
        headers["Content-Length"] = str(len(body))
    start_response(f"{status} -", [(name, str(value)) for name, value in headers.items()])
    return [body]


def start(port=0):
    """Serves on 127.0.0.1 in threads of its own."""
    server = make_server("127.0.0.1", port, Application(), threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
