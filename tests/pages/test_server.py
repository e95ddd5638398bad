"""app.py: the files it serves, the metrics route, and the socket option, without a browser."""

import io
import json
import os
import posixpath
import re
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile

import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient

import app as server
from core.generation import Sampler, generate
from core.model import load_checkpoint
from pages.ui import drawn, scripts
from pages.ui.training import rows
from tests.tiny import STEPS, make_checkpoint

RUN = "run-20261123-0123456789ab"


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=server.ROUTES))


def test_plotly_comes_from_the_installed_package(client):
    plain = client.get("/assets/plotly.min.js", headers={"accept-encoding": "identity"})
    packed = client.get("/assets/plotly.min.js", headers={"accept-encoding": "gzip"})
    assert plain.content == packed.content == server.PLOTLY_JS.read_bytes()
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert "max-age" in packed.headers["cache-control"]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_modules_are_served_compressed_and_kept_for_good(client, encoding):
    at = f"/assets/components/{scripts.VERSION}"
    for name, body in scripts.MODULES.items():
        answer = client.get(f"{at}/{name}", headers={"accept-encoding": encoding})
        assert answer.content == body and answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert "immutable" in answer.headers["cache-control"] and answer.headers["vary"] == "Accept-Encoding"
    for wrong in (f"{at}/plot/plot.css", f"{at}/../theme.json", f"{at}x/plot/plot.js", f"{at}/plot/other.js"):
        answer = client.get(wrong)
        assert answer.status_code == 404 and "immutable" not in answer.headers.get("cache-control", "")


def test_every_import_of_a_module_is_served():
    for name, body in scripts.MODULES.items():
        for other in re.findall(r'^(?:import|export) .*from "([^"]+)";$', body.decode(), flags=re.M):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) in scripts.MODULES, (name, other)


def test_fonts_are_served_and_nothing_beside_them(client):
    assert client.get("/assets/fonts/inter.woff2").content[:4] == b"wOF2"
    assert client.get("/assets/fonts/..%2ftheme.json").status_code == 404
    assert client.get("/assets/fonts/%2e%2e/%2e%2e/app.py").status_code == 404


def test_metrics_rows_from_an_offset(client, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    (tmp_path / RUN).mkdir()
    (tmp_path / RUN / "train.json").write_text('{"steps": 9}')
    written = [{"step": step, "loss_per_token": 3.5 - step} for step in range(3)]
    (tmp_path / RUN / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in written))
    answer = client.get(f"/runs/{RUN}/metrics").json()
    assert answer["rows"] == written
    assert answer["status"] == {"run_id": RUN, "state": "interrupted", "step": 2, "steps": 9} | dict.fromkeys(
        ("message", "position")
    )
    later = client.get(f"/runs/{RUN}/metrics", params={"offset": answer["offset"], "file": answer["file"]}).json()
    assert later == answer | {"rows": []}
    other = client.get(f"/runs/{RUN}/metrics", params={"offset": answer["offset"], "file": answer["file"] + 1}).json()
    assert other["rows"] == written and other["restarted"]


@pytest.mark.slow
def test_rows_of_a_model_are_kept_for_good_at_an_address_that_changes_with_them(client, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    (tmp_path / "mine").mkdir()
    before = f"/{rows.address('mine')}"
    assert client.get(before).json() == []
    losses = [{"step": step, "loss_per_token": 3.5 - step} for step in range(3)]
    written = "".join(json.dumps(row | {"by_kind": {}, "lr": float("nan")}) + "\n" for row in losses)
    (tmp_path / "mine" / "metrics.jsonl").write_text(written)
    now = f"/{rows.address('mine')}"
    for encoding in ("identity", "gzip"):
        answer = client.get(now, headers={"accept-encoding": encoding})
        assert answer.json() == losses and answer.headers.get("content-encoding", "identity") == encoding
        assert "immutable" in answer.headers["cache-control"] and answer.headers["vary"] == "Accept-Encoding"
    late = client.get(before)  # by a page that was drawn before they were written
    assert now != before and late.json() == losses and late.headers["cache-control"] == "no-store"
    for wrong in ("nobody", "..", "%2e%2e", "a b", ".hidden"):
        assert client.get(f"/models/{wrong}/rows/{now.rpartition('/')[2]}").status_code == 404


@pytest.mark.slow
def test_what_a_model_writes_after_some_tokens(client, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    make_checkpoint(tmp_path / "tiny")
    tiny = load_checkpoint(tmp_path / "tiny")
    ids = [tiny.tokenizer.eot, *tiny.tokenizer.encode("the red dog sat")]
    query = {"model": "tiny", "step": STEPS[-1], "interventions": "", "ids": ",".join(map(str, ids))}
    made = list(generate(tiny.model, ids, Sampler(temperature=0), 12, seed=0, stop=(tiny.tokenizer.eot,)))
    answer = client.get("/written", params=query).json()
    assert [chip["id"] for chip in answer["chips"]] == [*ids[-6:], *(step.id for step in made)]
    assert answer["values"][:6] == [None] * 6
    assert answer["values"][6:] == pytest.approx([step.raw_probability for step in made])
    first = client.get("/written", params=query | {"ids": str(ids[0])}).json()["chips"][0]
    assert (first["label"], first["id"]) == ("start", ids[0])
    without = client.get("/written", params=query | {"interventions": "zero:L0M"}).json()
    assert without["values"][6] != pytest.approx(made[0].raw_probability)
    size, limit = tiny.config.vocab_size, tiny.config.context_length
    bad = (
        {"model": "../tiny"}, {"model": "nobody"}, {"step": "7"}, {"step": "x"}, {"ids": ""}, {"ids": "1,,2"},
        {"ids": str(size)}, {"ids": "-1"}, {"ids": ",".join(["1"] * (limit + 1))}, {"interventions": "zero:sky"},
    )  # fmt: skip
    for change in bad:
        refused = client.get("/written", params=query | change)
        assert refused.status_code == 400 and refused.json()["error"], change


@pytest.mark.slow
def test_a_run_goes_home_as_a_checkpoint_folder(client, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "runs" / RUN
    assert client.get(f"/runs/{RUN}/checkpoint.zip").status_code == 404
    make_checkpoint(folder)
    (folder / "train.json").write_text(json.dumps({"out": str(folder)}))
    (folder / "run.json").write_text('{"owner": "secret"}')
    (folder / "corpus.txt").write_text("somebody's diary")
    for query, steps in (("", (200,)), ("?snapshots=1", (0, 10, 200))):
        answer = client.get(f"/runs/{RUN}/checkpoint.zip{query}")
        assert answer.headers["content-disposition"] == f'attachment; filename="{RUN}.zip"'
        home = tmp_path / f"home{len(steps)}"
        zipfile.ZipFile(io.BytesIO(answer.content)).extractall(home)
        taken, here = load_checkpoint(home / RUN), load_checkpoint(folder)
        assert taken.steps == steps and taken.tokenizer.vocab_size == here.tokenizer.vocab_size
        assert all(torch.equal(a, b) for a, b in zip(taken.model.parameters(), here.model.parameters(), strict=True))
        content = b"".join(path.read_bytes() for path in home.rglob("*.*") if path.is_file())
        assert b"diary" not in content and b"secret" not in content and str(tmp_path).encode() not in content
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.slow
def test_a_download_leaves_nothing_however_it_ends(client, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    make_checkpoint(tmp_path / "runs" / RUN)
    (tmp_path / "runs" / RUN / "train.json").write_text("{}")
    whole = client.get(f"/runs/{RUN}/checkpoint.zip").content
    for asked in ("bytes=999999999-", "bytes=5-1", "bytes=0-9", "cats=1-2", "bytes=-0"):
        answer = client.get(f"/runs/{RUN}/checkpoint.zip", headers={"Range": asked})
        assert answer.status_code == 200 and len(answer.content) == len(whole)
    with client.stream("GET", f"/runs/{RUN}/checkpoint.zip?snapshots=1"):
        pass  # whoever asked has gone
    temporary.rmdir()  # as if full: nothing can be written there
    assert client.get(f"/runs/{RUN}/checkpoint.zip").status_code == 200
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.slow
def test_no_visitor_learns_where_a_run_lies(client, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    folder = tmp_path / RUN
    make_checkpoint(folder)
    config = {
        "out": str(folder),
        "tokenizer": str(tmp_path / "t.json"),
        "data": {"kind": "text", "path": f"{folder}/c.txt"},
    }
    (folder / "train.json").write_text(json.dumps(config))
    (folder / "card.json").write_text(json.dumps({"data": config["data"], "recipe": config}))
    (folder / "log.txt").write_text(
        f"Traceback:\n  File \"{folder}/x.py\", line 3\nOSError: [Errno 13] No: '{folder}/m'\n"
    )
    row = {"step": 1, "status": "failed", "message": f"cannot read {folder}/corpus.txt: see https://example.org/a/b"}
    for written in ("", json.dumps(row) + "\n"):
        (folder / "metrics.jsonl").write_text(written)
        answer = client.get(f"/runs/{RUN}/metrics")
        assert str(tmp_path) not in answer.text
        archive = zipfile.ZipFile(io.BytesIO(client.get(f"/runs/{RUN}/checkpoint.zip").content))
        assert not any(str(tmp_path).encode() in archive.read(name) for name in archive.namelist())
    assert answer.json()["status"]["message"] == "cannot read corpus.txt: see https://example.org/a/b"


@pytest.mark.parametrize(
    "path", ["/runs/%2e%2e/metrics", "/runs/a b/metrics", "/runs/.hidden/metrics", "/runs/" + "x" * 99 + "/metrics"]
)
def test_strange_run_ids_are_refused(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("offset", ["-1", "x", "1e9", "9" * 30, "٣"])
def test_strange_offsets_are_refused(client, offset):
    assert client.get(f"/runs/{RUN}/metrics", params={"offset": offset}).status_code == 404


def test_listening_sockets_send_small_packets_at_once():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        server.send_small_packets_at_once()
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_torch_waits_until_a_browser_has_drawn_but_not_for_ever(client, monkeypatch):
    monkeypatch.setattr(drawn, "_drawn", threading.Event())
    assert not drawn.wait(0.0)
    order: list[str] = []

    def warm_up():
        assert drawn.wait(60.0)
        order.append("torch")

    waiting = threading.Thread(target=warm_up)
    waiting.start()
    assert client.get("/drawn").status_code == 405  # whoever only looks has drawn nothing
    order.append("drawn")
    assert client.post("/drawn").status_code == 204
    waiting.join()
    assert order == ["drawn", "torch"] and drawn.wait(0.0)


BEGINNING = """
import ast, sys
import app
print({"core", "numpy", "torch"} & set(sys.modules))
import pages.ui.beginning
print({"torch", "pandas", "numba"} & set(sys.modules))
there = set(sys.modules)
for page in ("pages/index.py", "pages/overview.py"):
    body = ast.parse(open(page).read()).body
    exec("\\n".join(ast.unparse(one) for one in body if isinstance(one, ast.Import | ast.ImportFrom)))
print({name for name in set(sys.modules) - there if name.partition(".")[0] in ("core", "pages")})
from pages.ui.opened import opener
opener()
print("torch" in sys.modules)
"""


@pytest.mark.slow
def test_the_server_answers_before_it_imports_and_the_first_view_is_imported_whole():
    """What index.py and the first page import is there when `beginning` is, so that no second thread imports it too;
    and the popover of the sidebar, which stands before the tokens, does without torch."""
    said = subprocess.run(
        [sys.executable, "-c", BEGINNING], cwd=server.ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["set()"] * 3 + ["False"]


THREADS = """
import threading
import app
import torch
from threadpoolctl import threadpool_info
count = lambda: print({one["num_threads"] for one in threadpool_info() if one["user_api"] == "openmp"})
first = threading.Thread(target=count)
first.start()
first.join()
"""


@pytest.mark.slow
def test_a_pass_in_any_thread_takes_one_core():
    """Also in one that began before anyone had asked torch for anything: each script has one of its own."""
    environment = {name: value for name, value in os.environ.items() if "_NUM_THREADS" not in name}
    command = [sys.executable, "-c", THREADS]
    said = subprocess.run(command, cwd=server.ROOT, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "{1}"
