"""A real server for tests of the browser and for benchmarks: started on a free port, ended at the end."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds until it answers


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether it is ready for visitors."""
        assert self.process.poll() is None, "the server has ended"
        try:
            urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2).close()
        except OSError:
            return False
        return True


@contextlib.contextmanager
def serving(script: str = "app.py", log: Path | None = None, **environment: str) -> Iterator[Server]:
    """A server of `script`, as soon as it answers, with these variables in its environment. What it writes goes to
    `log`; without one, its errors go where ours go."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    with log.open("w") if log else contextlib.nullcontext() as out:
        process = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT, env=os.environ | environment, stdout=out or subprocess.DEVNULL, stderr=out,
        )  # fmt: skip
    server, end = Server(port, process), time.monotonic() + PATIENCE
    try:
        while not server.answers():
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # it is busy, and what it was asked for is over
            process.kill()
            process.wait()
