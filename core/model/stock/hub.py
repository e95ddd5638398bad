"""A model from the Hugging Face hub, when somebody asks for one and a network is there. Nothing else calls the network.

Files come one after the other into the hub's own cache, which keeps what was fetched: a fetch that was broken off goes
on where it stopped. Needs the package huggingface_hub.
"""

import re
from collections.abc import Callable
from pathlib import Path

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

    `report(share, what)`; `cancelled` is asked before each file. CheckpointError: no such id or model, no network, no
    package, a model that cannot be computed or does not fit into memory, weights that cannot be read. Cancelled.
    """
    if not HUB_ID.fullmatch(hub_id):
        raise CheckpointError(f"there is no folder {hub_id[:100]!r}, and it is not the id of a model (owner/name)")
    try:
        from huggingface_hub import HfApi, hf_hub_download
    except ImportError:
        raise CheckpointError(
            "fetching models needs the package huggingface_hub: pip install huggingface_hub"
        ) from None
    try:
        info = HfApi().model_info(hub_id, files_metadata=True, timeout=20)
        sizes = {one.rfilename: one.size or 0 for one in info.siblings or []}
        chosen = [name for name in sizes if WANTED.fullmatch(name)]
        chosen.sort(key=lambda name: (name != "config.json", sizes[name]))
        if not any(name.endswith(".safetensors") for name in chosen):
            pickled = any(name.endswith(PICKLED) for name in sizes)
            why = "only as pickles, which can run any program when they are read" if pickled else "no safetensors"
            raise CheckpointError(f"{hub_id} has its weights {why}")
        whole, done, path = max(1, sum(sizes[name] for name in chosen)), 0, ""
        for name in chosen:
            if cancelled():
                raise Cancelled
            if report:
                report(done / whole, f"{name}, {sizes[name] / 1e6:,.0f} MB")
            path = hf_hub_download(hub_id, name, revision=info.sha)
            done += sizes[name]
            if name == "config.json":
                check_memory(read_config(read_json(Path(path))), precision)
        return Path(path).parent
    except (CheckpointError, Cancelled):
        raise
    except Exception as error:  # the library, its transport and the system each have their own
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(f"{hub_id} cannot be fetched: {told}") from None
