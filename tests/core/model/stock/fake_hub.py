"""A hub on loopback with the models of one folder, for tests: the few requests of huggingface_hub that fetching makes.

`address` is what HF_ENDPOINT should be, `slow` are seconds between two pieces of a file, `breaks` bytes after which
every answer with a file ends; `damages` sends zeros; `sent` holds (name, first byte, bytes) of all answers with files.
"""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIECE = 16_384  # bytes that are sent at once


class Hub(ThreadingHTTPServer):
    """Its models, how badly it sends them, and what it has sent."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder, self.slow, self.breaks = folder, 0.0, None
        self.sent: list[tuple[str, int, int]] = []
        self.damages = False

    @cached_property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, body: bool = True) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            return self._tell(parts[2:4])
        path = self.server.folder.joinpath(*parts[:2], *parts[4:])
        if parts[2:4] != ["resolve", COMMIT] or not path.is_file():
            return self._refuse("EntryNotFound")
        data = path.read_bytes()
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if begin else 200)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if body:
            self._send(path.name, data, begin)

    def _send(self, name: str, data: bytes, begin: int) -> None:
        end = len(data) if self.server.breaks is None else min(len(data), begin + self.server.breaks)
        at = begin
        with contextlib.suppress(ConnectionError):
            while at < end:
                piece = data[at : min(at + PIECE, end)]
                self.wfile.write(bytes(len(piece)) if self.server.damages else piece)
                at += len(piece)
                time.sleep(self.server.slow)
        self.server.sent.append((name, begin, at - begin))
        self.close_connection = at < len(data)

    def _tell(self, of: list[str]) -> None:
        folder = self.server.folder.joinpath(*of)
        if not folder.is_dir():
            return self._refuse("RepoNotFound")
        files = [{"rfilename": path.name, "size": path.stat().st_size} for path in sorted(folder.iterdir())]
        told = json.dumps({"id": "/".join(of), "sha": COMMIT, "siblings": files}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def _refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def fake_hub(folder: Path) -> Iterator[Hub]:
    hub = Hub(folder)
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
