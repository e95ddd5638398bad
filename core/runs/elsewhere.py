"""A run as other programs open it: a folder for `transformers`, zipped, or one GGUF file for llama.cpp."""

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from core.model import CheckpointError, describe, load_checkpoint, save_gguf, save_pretrained
from core.text.errors import TokenizerError
from core.text.stock import tokenizer_json

Form = Literal["transformers", "gguf"]


def obstacle(run_id: str, form: Form) -> str:
    """Why a run cannot be had in this form, "" where it can; its weights are not read."""
    from core.model.gguf import check_gguf
    from core.model.pretrained import family_of

    try:
        described = describe(run_id)
        if form == "gguf":
            check_gguf(described.config, described.tokenizer)
        else:
            family_of(described.config)
            tokenizer_json(described.tokenizer)
    except (CheckpointError, TokenizerError) as error:
        return str(error)
    return ""


def packed(run_id: str, form: Form) -> bytes:
    """The file, with the weights of the last step: a zip of the folder RUN-transformers, or RUN.gguf. CheckpointError:
    `obstacle` says why."""
    checkpoint = load_checkpoint(run_id)
    with TemporaryDirectory() as root:
        if form == "gguf":
            save_gguf(checkpoint, file := Path(root) / f"{run_id}.gguf")
            return file.read_bytes()
        save_pretrained(checkpoint, folder := Path(root) / f"{run_id}-transformers")
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:  # weights do not compress
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{folder.name}/{file.name}")
        return made.getvalue()
