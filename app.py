"""The server: the app, the routes that serve files and run metrics, and what happens at start-up. Nothing else."""

import contextlib
import gc
import gzip
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import plotly
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit import net_util

ROOT = Path(__file__).resolve().parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
# For an unknown origin Streamlit would ask a server on the internet for our address; nothing here may.
net_util.get_external_ip = lambda: None  # type: ignore[assignment]

DAY = "public, max-age=86400"


@cache
def _plotly_gzipped() -> bytes:
    return gzip.compress(PLOTLY.read_bytes(), 6)  # 4.7 MB -> 1.4 MB, once


async def plotly_js(request: Request) -> Response:
    """The plotly.js that came with the installed plotly package."""
    headers = {"Cache-Control": DAY, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(PLOTLY.read_bytes(), media_type="text/javascript", headers=headers)
    body = await run_in_threadpool(_plotly_gzipped)
    return Response(body, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})


async def metrics(request: Request) -> Response:
    """Rows that a run has written since `offset` bytes: {"rows": [...], "offset": next}."""
    run_id, raw = request.path_params["run_id"], request.query_params.get("offset", "0")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 16):
        return JSONResponse({"error": "no such run"}, status_code=404)
    from core.training.jobs import read_metrics

    try:
        rows, offset = await run_in_threadpool(read_metrics, run_id, int(raw))
    except ValueError:  # not the id of a run, or of none that is here
        return JSONResponse({"error": "no such run"}, status_code=404)
    return JSONResponse({"rows": rows, "offset": offset}, headers={"Cache-Control": "no-store"})


def send_small_packets_at_once() -> None:
    """TCP_NODELAY on our listening sockets, which accepted ones inherit: asyncio does not see to it here."""
    for fd in range(3, 256):
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                continue
            with contextlib.closing(socket.socket(fileno=os.dup(fd))) as sock:
                if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.getsockopt(
                    socket.SOL_SOCKET, socket.SO_ACCEPTCONN
                ):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            continue


def _warm_up() -> None:
    """Imports what every page needs while the browser loads; then the garbage collector need not look at it again."""
    from core.model import Transformer  # noqa: F401  brings torch

    _plotly_gzipped()
    gc.collect()
    gc.freeze()


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    send_small_packets_at_once()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


ROUTES = [
    Route("/assets/plotly.min.js", plotly_js),
    Mount("/assets/fonts", StaticFiles(directory=ROOT / "assets" / "fonts")),
    Route("/runs/{run_id}/metrics", metrics),
]
app = st.App("pages/index.py", lifespan=lifespan, routes=ROUTES)
