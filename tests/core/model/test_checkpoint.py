"""Checkpoints: what is saved comes back, a live run can be read, and every kind of damage has a clear message."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.model import (
    Checkpoint,
    CheckpointError,
    ModelConfig,
    Transformer,
    checkpoint_folder,
    describe,
    folders,
    list_checkpoints,
    load_checkpoint,
    runs_root,
    save_checkpoint,
    save_description,
    save_snapshot,
    update_card,
)
from core.model.checkpoint import write_weights
from core.text import Tokenizer
from tests.core.model.models import FAMILIES, SIZES

TOKENIZER = Tokenizer.byte_tokenizer()


def make(seed: int = 0, **changes) -> Transformer:
    """A trainable model for the byte tokenizer, every parameter random and exactly representable in float16."""
    model = Transformer(ModelConfig(**(SIZES | {"vocab_size": TOKENIZER.vocab_size} | changes)))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator).half())
    return model


@pytest.fixture
def roots(tmp_path, monkeypatch) -> Path:
    """Both roots, empty, in a temporary folder."""
    monkeypatch.setattr(folders, "SHIPPED", tmp_path / "models")
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    return tmp_path


@pytest.fixture
def run(roots) -> Path:
    """A finished run with snapshots at 0 and 5 and final weights at 10."""
    folder = roots / "runs" / "demo"
    save_description(folder, make().config, TOKENIZER, {"seed": 3})
    for step in (0, 5):
        save_snapshot(folder, step, make(step))
    save_checkpoint(folder, make(10), TOKENIZER, {"seed": 3, "note": "é"}, step=10)
    return folder


def told(checkpoint: Checkpoint) -> dict:
    """The card without the digests of the files."""
    return {name: value for name, value in checkpoint.card.items() if name != "sha256"}


def same_weights(one: Transformer, other: Transformer) -> bool:
    pairs = zip(one.named_parameters(), other.named_parameters(), strict=True)
    return all(name == again and torch.equal(a, b) for (name, a), (again, b) in pairs)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_saved_comes_back(family, tmp_path):
    model = make(**FAMILIES[family])
    save_checkpoint(tmp_path / "m", model, TOKENIZER, {"loss": 1.5}, step=7)
    checkpoint = load_checkpoint(tmp_path / "m")
    assert same_weights(checkpoint.model, model)
    ids = torch.tensor([[5, 250, 0]])
    assert torch.equal(checkpoint.model(ids), model.requires_grad_(False)(ids))
    assert checkpoint.config == model.config and told(checkpoint) == {"loss": 1.5}
    assert (checkpoint.steps, checkpoint.step, checkpoint.name) == ((7,), 7, "m")
    assert checkpoint.tokenizer.encode("hé") == TOKENIZER.encode("hé")


def test_every_step_of_a_run_loads_as_frozen_float32_in_eval_mode(run):
    for step in (None, 0, 5, 10):
        checkpoint = load_checkpoint("demo", step)
        assert checkpoint.step == (10 if step is None else step) and checkpoint.steps == (0, 5, 10)
        assert same_weights(checkpoint.model, make(checkpoint.step))
        assert not checkpoint.model.training
        for parameter in checkpoint.model.parameters():
            assert parameter.dtype == torch.float32 and not parameter.requires_grad
    assert told(checkpoint) == {"seed": 3, "note": "é"} and checkpoint.folder == run


def test_snapshots_take_half_the_space_and_no_file_is_left_over(run):
    sizes = {path.relative_to(run).as_posix(): path.stat().st_size for path in run.rglob("*") if path.is_file()}
    steps = {f"snapshots/step_{step:08d}.safetensors" for step in (0, 5)}
    assert sizes.keys() == steps | {"config.json", "card.json", "tokenizer.json", "model.safetensors"}
    assert sizes["snapshots/step_00000005.safetensors"] < 0.6 * sizes["model.safetensors"]


def test_a_run_that_has_not_finished_loads_from_its_latest_snapshot(roots):
    folder = roots / "runs" / "live"
    save_description(folder, make().config, TOKENIZER, {})
    assert list_checkpoints() == []
    with pytest.raises(CheckpointError, match="live has no weights yet: wait for its first snapshot"):
        load_checkpoint("live")
    save_snapshot(folder, 0, make(0))
    save_snapshot(folder, 20, make(20))
    (folder / "snapshots" / ".step_00000030.safetensors.abc.tmp").write_bytes(b"half")
    checkpoint = load_checkpoint("live")
    assert checkpoint.step == 20 and checkpoint.steps == (0, 20) and same_weights(checkpoint.model, make(20))
    assert list_checkpoints() == ["live"]


def test_final_weights_written_before_a_later_snapshot_are_not_the_last(run):
    save_snapshot(run, 30, make(30))
    assert load_checkpoint("demo").steps == (0, 5, 10, 30)
    assert same_weights(load_checkpoint("demo").model, make(30))
    save_checkpoint(run, make(31), TOKENIZER, {})  # no step: that of the last snapshot
    assert load_checkpoint("demo").steps == (0, 5, 30)
    assert same_weights(load_checkpoint("demo").model, make(31))


def test_final_weights_made_elsewhere_have_no_step_and_count_as_the_last_snapshot(run):
    update_card(run, sha256={})
    edit_header(run / "model.safetensors", lambda header: header | {"__metadata__": {"format": "pt"}})
    checkpoint = load_checkpoint("demo")
    assert checkpoint.steps == (0, 5) and checkpoint.step == 5 and same_weights(checkpoint.model, make(10))


def test_update_card_keeps_the_other_fields(run):
    update_card(run, skills={"translation": 0.5}, seed=4)
    assert told(load_checkpoint("demo")) == {"seed": 4, "note": "é", "skills": {"translation": 0.5}}


def test_names_are_shipped_models_then_runs_newest_first(run, roots):
    for number, name in enumerate(("older", "newer")):
        save_checkpoint(roots / "runs" / name, make(), TOKENIZER, {})
        os.utime(roots / "runs" / name, (4e9 + number, 4e9 + number))
    save_checkpoint(roots / "models" / "tinyland", make(), TOKENIZER, {})
    (roots / "runs" / "not-a-model").mkdir()
    assert list_checkpoints() == ["tinyland", "newer", "older", "demo"]
    assert checkpoint_folder("tinyland") == roots / "models" / "tinyland"


def test_runs_root_follows_the_environment(monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", "/elsewhere")
    assert runs_root() == Path("/elsewhere")
    monkeypatch.delenv("GLASSBOX_RUNS")
    assert runs_root() == Path(__file__).parents[3] / "runs"


@pytest.mark.parametrize("name", ["nobody", "", "é", "a" * 200])
def test_an_unknown_name_lists_the_known(run, name):
    with pytest.raises(CheckpointError, match=r"there is no model called .*; the models are: demo"):
        load_checkpoint(name)


@pytest.mark.parametrize(
    "name",
    ["../outside", "runs/../../outside", "..", ".", ".hidden", "/outside", "demo/../demo", "demo\0", "demo/", "demo\n"],
)
def test_a_name_cannot_leave_the_roots(run, roots, name):
    """The folder outside does hold a good model, and an absolute path to it is tried as well."""
    save_checkpoint(roots / "outside", make(), TOKENIZER, {})
    save_checkpoint(roots / "runs" / ".hidden", make(), TOKENIZER, {})
    for attempt in (name, str(roots / "outside")):
        with pytest.raises(CheckpointError, match="there is no model called"):
            checkpoint_folder(attempt)
    assert load_checkpoint(roots / "outside").name == "outside"  # a Path is meant as one


def test_a_notebook_shows_a_checkpoint_in_a_line(run):
    described, loaded = repr(describe("demo")), repr(load_checkpoint("demo", 5))
    assert described.replace("Description", "Checkpoint").replace("step 10", "step 5") == loaded
    assert loaded.startswith("Checkpoint('demo' at step 5, 3 steps from 0: 2 layers × 4 heads, width 24, context 24")
    parameters = sum(weight.numel() for weight in make().parameters())
    assert f"{parameters:,} parameters" in loaded and len(loaded) < 200
    assert repr(TOKENIZER) == "Tokenizer('bytes': 261 ids, 5 of them special, 0 merges)"


@pytest.mark.parametrize("name", ["..", ".", ".hidden", "demo\0", "demo\n", "outside"])
def test_a_str_without_a_slash_is_a_name(run, roots, name, monkeypatch):
    save_checkpoint(roots / "outside", make(), TOKENIZER, {})
    monkeypatch.chdir(roots)
    with pytest.raises(CheckpointError, match="there is no model called"):
        load_checkpoint(name)


def test_a_path_as_a_str(run, roots, monkeypatch):
    monkeypatch.chdir(roots)
    for path in (str(run), "runs/demo", "./runs/demo", "runs/demo/"):
        assert load_checkpoint(path, 5).folder.resolve() == run
    with pytest.raises(CheckpointError, match="there is no folder"):
        load_checkpoint("runs/nobody")


@pytest.mark.parametrize("step", [7, -1, "5", True, 5.0, 10**20])
def test_an_unknown_step_lists_the_known(run, step):
    with pytest.raises(CheckpointError, match=r"demo has no step .*; its steps are: 0, 5, 10"):
        load_checkpoint("demo", step)


@pytest.mark.parametrize("step", [-1, 1.5, "3", 10**15])
def test_a_snapshot_needs_a_step_that_can_be_one(run, step):
    with pytest.raises(CheckpointError, match="a step is a whole number from 0"):
        save_snapshot(run, step, make())


def test_a_missing_folder(tmp_path):
    with pytest.raises(CheckpointError, match="there is no folder"):
        load_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_missing_file(run, name):
    (run / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        load_checkpoint("demo")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "card.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"a": ', b"null", b"[" * 100_000])
def test_broken_json(run, name, content):
    (run / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"{name}|tokenizer of demo"):
        load_checkpoint("demo")


def test_a_missing_card_is_an_empty_card(run):
    (run / "card.json").unlink()
    assert load_checkpoint("demo").card == {}


@pytest.mark.parametrize("file", ["model.safetensors", "snapshots/step_00000005.safetensors"])
@pytest.mark.parametrize("keep", [0, 4, 8, 100, -1000, -1])
def test_a_truncated_file(run, file, keep):
    path = run / file
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=rf"{path.name} is damaged"):
        load_checkpoint("demo", 10 if file == "model.safetensors" else 5)


def edit_header(path: Path, edit) -> None:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.dumps(edit(json.loads(data[8 : 8 + length]))).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length :])


def shift(header):
    header["embed.weight"]["data_offsets"][1] += 4
    return header


def reshape(header):
    header["embed.weight"]["shape"].reverse()
    return header


def rename(header):
    header["embed2.weight"] = header.pop("embed.weight")
    return header


def retype(header):
    for tensor in header.values():
        if "dtype" in tensor:
            tensor["dtype"] = "I32"
    return header


def change_nothing(header):
    return header


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (shift, "model.safetensors is damaged"),
        (reshape, r"embed.weight has shape \[24, 261\], the model needs \[261, 24\]"),
        (rename, r"embed.weight is missing, the model needs \[261, 24\]"),
        (retype, "holds .* as torch.int32, not as floating-point numbers"),
    ],
)
def test_a_tampered_header(run, edit, message):
    update_card(run, sha256={})  # a checkpoint from elsewhere
    edit_header(run / "model.safetensors", change_nothing)
    load_checkpoint("demo")
    edit_header(run / "model.safetensors", edit)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint("demo")


@pytest.mark.parametrize(
    ("kind", "bits"),
    [("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8),
     ("F8_E5M2FNUZ", 8), ("C64", 64), ("BOOL", 8), ("U16", 16), ("I64", 64), ("E5", 8)],
)  # fmt: skip
def test_weights_of_a_kind_that_is_not_read(run, kind, bits):
    header, data = {}, b""
    for name, weight in make().named_parameters():
        length = -(-weight.numel() * bits // 8)
        header[name] = {"dtype": kind, "shape": list(weight.shape), "data_offsets": [len(data), len(data) + length]}
        data += b"\x11" * length
    told = json.dumps(header).encode()
    (run / "model.safetensors").write_bytes(struct.pack("<Q", len(told)) + told + data)
    update_card(run, sha256={})
    with pytest.raises(CheckpointError, match=r"damaged|not as floating-point numbers"):
        load_checkpoint("demo")


def test_numbers_too_large_for_float32_are_not_finite(run):
    model = make().double()
    with torch.no_grad():
        model.embed.weight[0, 0] = 1e300
    write_weights(run / "model.safetensors", 10, model, torch.float64)
    update_card(run, sha256={})
    with pytest.raises(CheckpointError, match=r"embed.weight that are not finite"):
        load_checkpoint("demo")


def test_a_context_that_the_weights_cannot_be_meant_for(run, monkeypatch):
    """Rotary tables are no weights, so nothing in the file stops them: 10 million positions would take 1 GB."""
    config = json.loads((run / "config.json").read_text())

    def asked(context: int) -> None:
        (run / "config.json").write_text(json.dumps(config | {"context_length": context}))

    largest = 2**22 // (2 * config["d_head"])
    asked(largest)
    assert load_checkpoint("demo").config.context_length == largest
    monkeypatch.setattr("core.model.transformer.rotary_tables", lambda config: pytest.fail("memory was asked for"))
    for context in (largest + 1, 10_000_000):
        asked(context)
        for door in (describe, load_checkpoint):
            with pytest.raises(CheckpointError, match=r"config.json .* context_length of [\d,]+ is too long"):
                door("demo")


@pytest.mark.parametrize("file", ["model.safetensors", "snapshots/step_00000005.safetensors"])
def test_weights_that_somebody_changed(run, file):
    path, step = run / file, 10 if file == "model.safetensors" else 5
    load_checkpoint("demo", step)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1  # one bit of one number
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"{path.name} is damaged \(not the file that card.json describes\)"):
        load_checkpoint("demo", step)


@pytest.mark.parametrize("size", [0, 1, 2**63, 2**64 - 1])
def test_a_tampered_header_size(run, size):
    path = run / "model.safetensors"
    path.write_bytes(struct.pack("<Q", size) + path.read_bytes()[8:])
    with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged"):
        load_checkpoint("demo")


def test_a_file_that_is_something_else_is_never_unpickled(run):
    torch.save({"embed.weight": torch.zeros(1)}, run / "model.safetensors")
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint("demo")


def test_weights_that_are_not_finite(run):
    model = make()
    with torch.no_grad():
        model.blocks[1].mlp.w_in.weight[0, 0] = float("nan")
    save_snapshot(run, 40, model)
    with pytest.raises(CheckpointError, match=r"numbers in blocks.1.mlp.w_in.weight that are not finite"):
        load_checkpoint("demo")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d_mlp": 50}, r"blocks.0.mlp.w_in.weight has shape \[96, 24\], the model needs \[50, 24\]"),
        ({"n_layers": 3}, "blocks.2.attn.k_norm.weight is missing"),
        ({"n_layers": 1}, "the model has no such tensor"),
        ({"vocab_size": 9_000_000, "d_model": 9_000_000, "d_mlp": 9_000_000}, "does not fit its config.json"),
        ({"n_heads": 5, "n_kv_heads": 4}, "config.json does not describe a model: n_heads=5"),
        ({"hooks": 1}, "config.json does not describe a model: unknown config fields: hooks"),
        ({"vocab_size": 8}, "has 261 ids, its model only 8"),
    ],
)
def test_a_config_that_does_not_fit_the_weights(run, change, message):
    config = json.loads((run / "config.json").read_text()) | change
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint("demo")


def test_a_write_that_fails_leaves_the_old_files_and_nothing_else(run, monkeypatch):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}

    def fail(source, target):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    for write in (
        lambda: save_checkpoint(run, make(99), TOKENIZER, {"seed": 99}),
        lambda: save_snapshot(run, 5, make(99)),
        lambda: save_snapshot(run, 6, make(99)),
        lambda: update_card(run, seed=99),
    ):
        with pytest.raises(OSError, match="no space left"):
            write()
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_loaded_model_does_not_depend_on_its_file(run):
    checkpoint = load_checkpoint("demo")
    data = (run / "model.safetensors").read_bytes()
    with open(run / "model.safetensors", "r+b") as file:
        file.write(bytes(len(data)))  # in place, as nobody should
    assert same_weights(checkpoint.model, make(10))


@pytest.mark.slow
def test_listing_models_does_not_import_torch():
    code = "import sys, core.model as m; m.list_checkpoints(); m.ModelConfig; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
