"""A web server that is no MLflow server, for tests of what is said about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def answering(status: int, body: str, version: str = "") -> Iterator[str]:
    """The address of a server on 127.0.0.1 that answers everything alike; `version` is what its `/version` gives."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked_version = version and self.path == "/version"
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200 if asked_version else status)
            self.end_headers()
            self.wfile.write((version if asked_version else body).encode())

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
