"""A model from the Hugging Face hub, when somebody asks for one and a network is there. Nothing else calls the network.

Files come one after the other into the hub's own cache, which keeps them for everybody. What was broken off goes on
where it stopped: huggingface_hub, since it gives every download a file of its own, would begin again, so a file is
brought by its `http_get` into a part beside its place, and moved there when it is whole (written for version 2.4.0;
tests/core/model/stock/test_hub.py fails if that changes). Needs the package huggingface_hub.
"""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.model.description import CheckpointError, read_json
from core.model.precision import Precision
from core.model.stock.config import read_config
from core.model.stock.need import check_memory
from core.model.stock.shards import PICKLED

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
WANTED = re.compile(
    r"(config|tokenizer|tokenizer_config|special_tokens_map|generation_config|model\.safetensors\.index)\.json"
    r"|chat_template\.jinja|model(-\d+-of-\d+)?\.safetensors"
)
ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # the hub's name for a file's content: git's, or its SHA-256
PART = ".glassbox-part"  # ends the name of what has come of a file so far
Report = Callable[[float, str], None]


class Cancelled(Exception):
    """Whoever asked for the model does not want it any more."""


def fetch(
    hub_id: str,
    precision: Precision = "float32",
    report: Report | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """The folder of a model of the hub, fetched where it is not in the cache yet.

    `report(share, what)` and `cancelled` are called as the bytes come. Where the hub does not answer, what the cache
    holds of the model is taken. CheckpointError: no such id or model, no network, no package, a model that cannot be
    computed or does not fit into memory, weights that cannot be read. Cancelled.
    """
    if not HUB_ID.fullmatch(hub_id):
        raise CheckpointError(f"there is no folder {hub_id[:100]!r}, and it is not the id of a model (owner/name)")
    try:
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError:
        raise CheckpointError(
            "fetching models needs the package huggingface_hub: pip install huggingface_hub"
        ) from None
    try:
        try:
            info = HfApi().model_info(hub_id, files_metadata=True, timeout=20)
        except HfHubHTTPError:  # it has answered
            raise
        except Exception:
            if kept := _in_cache(hub_id):
                return kept
            raise
        assert info.sha is not None
        sizes = chosen_files(hub_id, {one.rfilename: one.size or 0 for one in info.siblings or []})
        whole, done, path = max(1, sum(sizes.values())), 0, Path()
        for name, size in sizes.items():

            def come(here: int, name: str = name, size: int = size, done: int = done) -> None:
                if cancelled():
                    raise Cancelled
                if report:
                    report((done + here) / whole, f"{name}, {here / 1e6:,.0f} of {size / 1e6:,.0f} MB")

            come(0)
            _bring(hub_id, name, info.sha, come)
            path = Path(hf_hub_download(hub_id, name, revision=info.sha))
            done += size
            if name == "config.json":
                check_memory(read_config(read_json(path)), precision)
        return path.parent
    except (CheckpointError, Cancelled):
        raise
    except Exception as error:  # the library, its transport and the system each have their own
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(f"{hub_id} cannot be fetched: {told}") from None


def chosen_files(hub_id: str, sizes: dict[str, int]) -> dict[str, int]:
    """Those of a model's files that are needed, config.json first, then the smallest first, and their bytes.
    CheckpointError: it has no safetensors."""
    chosen = sorted(filter(WANTED.fullmatch, sizes), key=lambda name: (name != "config.json", sizes[name]))
    if not any(name.endswith(".safetensors") for name in chosen):
        pickled = any(name.endswith(PICKLED) for name in sizes)
        why = "only as pickles, which can run any program when they are read" if pickled else "no safetensors"
        raise CheckpointError(f"{hub_id} has its weights {why}")
    return {name: sizes[name] for name in chosen}


def _bring(hub_id: str, name: str, commit: str, come: Callable[[int], None]) -> None:
    """Put a file's content into its place in the hub's cache, unless it is there. `come(bytes)` is told how much of it
    has come, and may raise: what has come stays."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    if isinstance(try_to_load_from_cache(hub_id, name, revision=commit), str):
        return
    url = hf_hub_url(hub_id, name, revision=commit)
    told = get_hf_file_metadata(url)
    if told.etag is None or not ETAG.fullmatch(told.etag):
        raise CheckpointError(f"the hub does not say what {name} holds")
    blob = _cache_folder(hub_id) / "blobs" / told.etag
    if blob.exists():
        return
    blob.parent.mkdir(parents=True, exist_ok=True)
    part = blob.with_name(blob.name + PART)
    if part.exists() and part.stat().st_size > (told.size or 0):  # two wrote to it at once
        part.unlink()

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types
        """What http_get tells of its progress."""

        def __init__(self, initial: int = 0, **_: Any) -> None:  # noqa: ANN401  # what else a bar of tqdm is told
            super().__init__(disable=True)
            self.here = initial

        def update(self, n: float | None = 1) -> None:
            self.here += int(n or 0)
            come(self.here)

    with part.open("ab") as file:
        http_get(
            url, file, resume_size=file.tell(), expected_size=told.size, headers=build_hf_headers(), tqdm_class=Bar
        )
    if len(told.etag) == 64 and _sha256(part) != told.etag:
        part.unlink()
        raise CheckpointError(f"{name} came damaged: fetch it again")
    os.replace(part, blob)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cache_folder(hub_id: str) -> Path:
    """Where the hub's cache keeps a model."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / "--".join(["models", *hub_id.split("/")])


def _in_cache(hub_id: str) -> Path | None:
    """The newest copy of a model in the cache that has weights; None where there is none."""
    snapshots = (_cache_folder(hub_id) / "snapshots").glob("*")
    whole = [folder for folder in snapshots if any(folder.glob("*.safetensors"))]
    return max(whole, key=lambda folder: folder.stat().st_mtime, default=None)
