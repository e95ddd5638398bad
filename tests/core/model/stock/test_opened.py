"""What visitors bring: damaged and hostile folders and zips get a clear word each, and nothing is left behind."""

import io
import json
import os
import resource
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.model import CheckpointError, describe, list_checkpoints, load_checkpoint, opened_root
from core.model.stock import opened
from tests.core.model.stock.small import write

MODEL, INDEX = "model.safetensors", "model.safetensors.index.json"
HEAD, MEGABYTE = "model.norm.weight", 1 << 20


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("good") / "small")


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def folder(good, tmp_path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "model"))


def rewritten(folder, change):
    """The weights again, after `change` has been made to the table of tensors."""
    tensors = load_file(folder / MODEL)
    change(tensors)
    save_file(tensors, folder / MODEL)


def header(folder, change=None, size=None):
    """The header of the weights again, changed as JSON, or said to have another size."""
    data = (folder / MODEL).read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    table = json.loads(data[8 : 8 + n])
    if change:
        change(table)
    text = json.dumps(table).encode()
    (folder / MODEL).write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + data[8 + n :])


def index(folder, weight_map):
    (folder / MODEL).rename(folder / "model-00001-of-00001.safetensors")
    (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}))


def twice(folder):
    shutil.copy(folder / MODEL, folder / "b.safetensors")
    index(folder, {HEAD: "model-00001-of-00001.safetensors", "x": "b.safetensors"})


def only_pickle(folder):
    (folder / MODEL).rename(folder / "pytorch_model.bin")


def huge(table):
    table[HEAD]["shape"] = [10**9, 10**9]


def truncate(folder):
    data = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(data[: len(data) // 2])


DAMAGE = {
    "truncated": (truncate, "model.safetensors is damaged"),
    "empty": (lambda f: (f / MODEL).write_bytes(b""), "model.safetensors is damaged"),
    "no header": (lambda f: (f / MODEL).write_bytes(b"\xff" * 100), "model.safetensors is damaged"),
    "oversized header": (lambda f: header(f, size=2**40), "model.safetensors is damaged"),
    "huge shape": (lambda f: header(f, huge), "model.safetensors is damaged"),
    "overlapping": (lambda f: header(f, lambda t: t[HEAD].update(data_offsets=[0, 128])), "is damaged"),
    "unknown dtype": (lambda f: header(f, lambda t: t[HEAD].update(dtype="Q7")), "is damaged"),
    "other shape": (lambda f: rewritten(f, lambda t: t.update({HEAD: torch.ones(31)})), r"shape \[31\].*needs \[32\]"),
    "whole numbers": (
        lambda f: rewritten(f, lambda t: t.update({HEAD: torch.ones(32, dtype=torch.int64)})), "stored as I64"
    ),
    "missing": (lambda f: rewritten(f, lambda t: t.pop(HEAD)), f"lack {HEAD}"),
    "one too many": (lambda f: rewritten(f, lambda t: t.update(extra=torch.ones(1))), "hold extra, for which"),
    "not a number": (lambda f: rewritten(f, lambda t: t[HEAD].fill_(torch.nan)), f"in {HEAD} that are not finite"),
    "infinite": (lambda f: rewritten(f, lambda t: t[HEAD].fill_(torch.inf)), "not finite"),
    "twice": (twice, f"holds {HEAD}|holds .*, which model-00001-of-00001.safetensors holds too|holds too"),
    "escape": (lambda f: index(f, {HEAD: "../../etc/passwd"}), "which is no file of this folder"),
    "absolute": (lambda f: index(f, {HEAD: "/etc/passwd.safetensors"}), "which is no file of this folder"),
    "lost shard": (lambda f: index(f, {HEAD: "model-00002-of-00002.safetensors"}), "and it is missing"),
    "no map": (lambda f: index(f, []), "has no weight_map"),
    "pickle": (only_pickle, "a pickle: reading one can run any program"),
    "no weights": (lambda f: (f / MODEL).unlink(), "has no weights"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing"),
    "broken tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer.json cannot be read"),
    "broken config": (lambda f: (f / "config.json").write_text("{"), "config.json"),
    "no config": (lambda f: (f / "config.json").unlink(), "config.json"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_told_and_leaves_everything_as_it_was(name, folder):
    harm, told = DAMAGE[name]
    harm(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for opening in (lambda: opened.open_folder(folder), lambda: opened.open_zip(zipped(folder), "m.zip")):
        with pytest.raises(CheckpointError, match=told):
            opening()
        assert not list(opened_root().iterdir()) and "model" not in list_checkpoints()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KB


def zipped(folder: Path, inside: str = "m/") -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for path in folder.iterdir():
            packed.write(path, f"{inside}{path.name}")
    return made


def test_a_folder_and_a_zip_are_opened_and_closed_again(folder, monkeypatch):
    assert opened.open_folder(folder, "bfloat16") == "model"
    assert opened.open_zip(zipped(folder), "my model (1).zip") == "my-model-1"
    assert opened.open_zip(zipped(folder, ""), "model.zip") == "model-2"
    linked, whole = load_checkpoint("model"), load_checkpoint("my-model-1")
    assert linked.card["precision"] == "bfloat16" and linked.model.embed.packed.dtype == torch.bfloat16
    assert (opened_root() / "model" / MODEL).is_symlink() and not (opened_root() / "my-model-1" / MODEL).is_symlink()
    ids = torch.tensor([whole.tokenizer.encode("One day")])
    assert torch.equal(whole.model(ids), load_checkpoint(folder).model(ids))
    assert {"model", "model-2", "my-model-1"} <= set(list_checkpoints())
    opened.close("model")
    assert "model" not in list_checkpoints() and describe(folder).steps == (0,)
    with pytest.raises(CheckpointError):
        opened.close("../model")
    monkeypatch.setattr(opened, "MOST", 2)
    with pytest.raises(CheckpointError, match="2 models are open here"):
        opened.open_folder(folder)


def test_only_folders_that_the_server_names_are_opened_by_path(folder, monkeypatch, tmp_path):
    with pytest.raises(CheckpointError, match="GLASSBOX_MODELS"):
        opened.open_allowed_folder(str(folder))
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    for path in ("/etc", f"{tmp_path}/../../etc", str(tmp_path / "absent" / ".." / ".." / "x")):
        with pytest.raises(CheckpointError):
            opened.open_allowed_folder(path)
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(CheckpointError, match="GLASSBOX_MODELS"):
        opened.open_allowed_folder(str(tmp_path / "out"))
    assert opened.open_allowed_folder(str(folder)) == "model"


def test_hostile_zips(folder, monkeypatch, tmp_path):
    def told(*members, change=None):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in members:
                packed.writestr(name, data)
        if change:
            made = io.BytesIO(change(made.getvalue()))
        with pytest.raises(CheckpointError) as caught:
            opened.open_zip(made, "x.zip")
        assert not list(opened_root().iterdir())
        assert not (tmp_path / "evil.json").exists()
        return str(caught.value)

    config = ("config.json", "{}")
    assert "would leave its folder" in told(config, ("../../evil.json", "{}"))
    assert "would leave its folder" in told(config, ("/evil.json", "{}"))
    assert "would leave its folder" in told(config, ("a\\..\\evil.json", "{}"))
    link = zipfile.ZipInfo("model.safetensors")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "has a link" in told(config, (link, "/etc/passwd"))
    assert "several folders" in told(("a/config.json", "{}"), ("b/tokenizer.json", "{}"))
    with pytest.warns(UserWarning):
        assert "twice" in told(config, config)
    assert "has no config.json" in told(("readme.txt", "hello"))
    assert "201 files" in told(*[(f"{i}.txt", "") for i in range(201)])
    monkeypatch.setattr(opened, "ZIP_BYTES", MEGABYTE)
    bomb = ("model.safetensors", bytes(2 * MEGABYTE))
    assert "would unpack to 2 MB; 1 MB are allowed" in told(config, bomb)
    small = struct.pack("<I", 1000)

    def lie(data):  # both headers say that 1,000 bytes will come
        return data.replace(struct.pack("<I", 2 * MEGABYTE), small)

    assert "zip" in told(config, bomb, change=lie)
    assert "cannot be read" in told(config, change=lambda data: data[:-30])
    assert os.listdir(opened_root()) == []
