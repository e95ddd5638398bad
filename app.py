"""The server: the app, the routes that serve files and run metrics, and what happens at start-up. Nothing else."""

import contextlib
import gc
import gzip
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pages.ui import drawn, streamlit_privates
from pages.ui.plotly_privates import PLOTLY_JS, plotly_gzipped

# Python looks for garbage every so many new objects, and imports make nothing else: a third of their time (`_warm_up`).
gc.disable()
streamlit_privates.change()
# One thread for a pass: visitors are what runs side by side, and a second thread spins while it waits. Said before
# torch comes: `torch.set_num_threads` counts for products of matrices only in the thread that calls it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent
DAY = "public, max-age=86400"
FOR_GOOD = "public, max-age=31536000, immutable"


async def plotly_js(request: Request) -> Response:
    """The plotly.js that came with the installed plotly package."""
    headers = {"Cache-Control": DAY, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(PLOTLY_JS.read_bytes(), media_type="text/javascript", headers=headers)
    body = await run_in_threadpool(plotly_gzipped)
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
    from core import jobs

    asked = [request.query_params.get(name, "0") for name in ("offset", "file")]
    if not all(raw.isascii() and raw.isdigit() and len(raw) < 21 for raw in asked):
        return _no_such_run()
    try:
        update = await run_in_threadpool(jobs.read_since, request.path_params["run_id"], *map(int, asked))
    except ValueError:  # not the id of a run, or of none that is here
        return _no_such_run()
    return JSONResponse(update, headers={"Cache-Control": "no-store"})


async def kept_rows(request: Request) -> Response:
    """The rows of a model whose training is over: see pages/ui/training/rows.py."""
    from pages.ui.training import rows

    try:
        body, known = await run_in_threadpool(rows.served, request.path_params["name"], request.path_params["version"])
    except ValueError:  # no such model
        return _no_such_run()
    headers = {"Cache-Control": FOR_GOOD if known else "no-store", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(body), media_type="application/json", headers=headers)
    return Response(body, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"})


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


async def on_drawn(_: Request) -> Response:
    """A browser has text and tokens on its screen: see pages/ui/drawn.py."""
    drawn.tell()
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


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


GARBAGE = 20_000, 10, 10  # new objects before a search among them: 700 take a tenth of the processor with 100 visitors
HEAD_START = 2.5  # seconds in which whoever comes with the server may see text and tokens before torch takes a core


def _warm_up() -> None:
    """Imports what every page needs, the first view before the rest; then garbage is looked for again, but not in what
    is here by now."""
    try:
        import pages.ui.beginning  # noqa: F401
        from core import jobs

        jobs.attend()  # runs that waited when the last server ended
        drawn.wait(HEAD_START)
        from core.generation import fast

        fast.warm_up()
        plotly_gzipped()
        gc.freeze()  # uncollected: looking for the megabyte of garbage among it would hold all threads for 0.3 s
    finally:
        gc.set_threshold(*GARBAGE)
        gc.enable()


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    send_small_packets_at_once()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


ROUTES = [
    Route("/assets/plotly.min.js", plotly_js),
    Mount("/assets/fonts", StaticFiles(directory=ROOT / "assets" / "fonts")),
    Route("/assets/components/{version}/{name:path}", script),
    Route("/drawn", on_drawn, methods=["POST"]),
    Route("/written", written),
    Route("/models/{name}/rows/{version}.json", kept_rows),
    Route("/runs/{run_id}/metrics", metrics),
    Route("/runs/{run_id}/checkpoint.zip", checkpoint_zip),
]
app = st.App("pages/index.py", lifespan=lifespan, routes=ROUTES)
