"""The server: the app, the routes that serve files and run metrics, and what happens at start-up. Nothing else."""

import contextlib
import gc
import gzip
import os
import socket
import stat
import threading
import time
from collections.abc import AsyncIterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from core import jobs

ROOT = Path(__file__).resolve().parent
# Found without importing plotly, which brings pandas.
PLOTLY = Path(str(distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))
# For an unknown origin Streamlit would ask a server on the internet for our address; nothing here may.
net_util.get_external_ip = lambda: None

_request_rerun = AppSession.request_rerun


def _request_rerun_here(session: AppSession, client_state: ClientState | None) -> None:
    """A view may report while its visitor goes to another page: Streamlit would return to the old one, and leave the
    screen blank. What comes from a page that was left is not heard."""
    if client_state and not client_state.fragment_id:
        vars(session)["page_asked_for"] = client_state.page_script_hash
    elif client_state and vars(session).get("page_asked_for") not in (None, "", client_state.page_script_hash):
        return
    _request_rerun(session, client_state)


AppSession.request_rerun = _request_rerun_here  # type: ignore[assignment]

DAY = "public, max-age=86400"
FOR_GOOD = "public, max-age=31536000, immutable"


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


async def script(request: Request) -> Response:
    """A module of assets/components: see pages/ui/scripts.py."""
    from pages.ui import scripts

    compressed = "gzip" in request.headers.get("accept-encoding", "")
    body = scripts.module(request.path_params["version"], request.path_params["name"], compressed)
    if body is None:
        return Response("no such module", 404, media_type="text/plain", headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": FOR_GOOD, "Vary": "Accept-Encoding"}
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="text/javascript", headers=headers)


async def metrics(request: Request) -> Response:
    """What a run has written since `offset` bytes of the file numbered `file`: see `jobs.read_since`."""
    asked = [request.query_params.get(name, "0") for name in ("offset", "file")]
    if not all(raw.isascii() and raw.isdigit() and len(raw) < 21 for raw in asked):
        return _no_such_run()
    try:
        update = await run_in_threadpool(jobs.read_since, request.path_params["run_id"], *map(int, asked))
    except ValueError:  # not the id of a run, or of none that is here
        return _no_such_run()
    return JSONResponse(update, headers={"Cache-Control": "no-store"})


async def checkpoint_zip(request: Request) -> Response:
    """A run as a checkpoint folder in a zip file; `snapshots=1` adds its whole life."""
    from core.runs.export import zip_run

    run_id, snapshots = request.path_params["run_id"], request.query_params.get("snapshots") == "1"
    try:
        pieces = await run_in_threadpool(zip_run, run_id, snapshots)
    except ValueError:
        return _no_such_run()
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


async def written(request: Request) -> Response:
    """What a model writes after some tokens: see pages/ui/overview/written.py."""
    from pages.ui.overview.written import answer

    try:
        made = await run_in_threadpool(answer, request.query_params)
    except ValueError as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    return JSONResponse(made, headers={"Cache-Control": "no-store"})


def _no_such_run() -> Response:
    return JSONResponse({"error": "no such run"}, status_code=404)


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


HEAD_START = 2.5  # seconds: whoever comes with the server sees text and tokens before torch takes a core for itself


def _warm_up() -> None:
    """Imports what every page needs, unless a page has; then the garbage collector need not look at it again."""
    time.sleep(HEAD_START)
    from core.generation import fast  # brings torch

    fast.warm_up()
    _plotly_gzipped()
    gc.collect()
    gc.freeze()


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    send_small_packets_at_once()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    jobs.attend()  # runs that waited when the last server ended
    yield


ROUTES = [
    Route("/assets/plotly.min.js", plotly_js),
    Mount("/assets/fonts", StaticFiles(directory=ROOT / "assets" / "fonts")),
    Route("/assets/components/{version}/{name:path}", script),
    Route("/written", written),
    Route("/runs/{run_id}/metrics", metrics),
    Route("/runs/{run_id}/checkpoint.zip", checkpoint_zip),
]
app = st.App("pages/index.py", lifespan=lifespan, routes=ROUTES)
