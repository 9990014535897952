"""A server of objects on loopback that speaks S3, and fails and dawdles as often as it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SERVER = """
import sys, threading, time
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

fail, slow, denied = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
app = DomainDispatcherApplication(create_backend_app)
lock, count = threading.Lock(), 0
ERROR = b"<Error><Code>InternalError</Code><Message>injected</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"

def front(environ, start_response):
    global count
    with lock:
        count += 1
        number = count
    if slow and number % slow == 0:
        time.sleep(0.4)
    if fail and number % fail == 0 and number > 2:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        head = [("Content-Type", "application/xml"), ("Content-Length", str(len(ERROR)))]
        start_response("500 Internal Server Error", head)
        return [ERROR]
    if denied and environ["PATH_INFO"].startswith(denied) and environ["REQUEST_METHOD"] != "GET":
        head = [("Content-Type", "application/xml"), ("Content-Length", str(len(DENIED)))]
        start_response("403 Forbidden", head)
        return [DENIED]
    return app(environ, start_response)

class Quiet(WSGIRequestHandler):
    def log(self, *_): ...

server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def store(*, fail: int = 0, slow: int = 0, denied: str = "") -> Iterator[dict[str, str]]:
    """Serve an empty store; yield the environment in which s3:// means it.

    Every `fail`-th request is answered by a 500, every `slow`-th after 0.4 s. Below `denied`, a
    path as /bucket/key, nobody may write.
    """
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(fail), str(slow), denied],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "MOTO_ALLOW_NONEXISTENT_REGION": "true"},
    ) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            assert port, "the server did not start"
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1",  # the retries that are tested are ours
            }
        finally:
            server.kill()
            forget()


def forget() -> None:
    """Let go of what speaks to a store of this process: fsspec would hand it out for the next one,
    at an address where nobody answers."""
    if (s3fs := sys.modules.get("s3fs")) is not None:
        s3fs.S3FileSystem.clear_instance_cache()
