"""A step of DPO beside trl's DPOTrainer and a step of LoRA beside peft, on the same random Llama of the shipped shape
and the same tokens: python -m tests.bench.bench_tuning

Interleaved, medians of processor time on one thread. All begin with the same loss as their counterpart.
"""

import copy
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from core.model import ModelConfig, Transformer, load_checkpoint, save_checkpoint, save_pretrained
from core.text import Tokenizer
from core.training.config import TrainConfig
from core.training.losses import token_losses
from core.training.preference.objectives import PairBatch, pair_statistics, part_of_loss
from core.training.preference.policy import rectangles, sums_as_in_training
from core.training.trained import Trained
from core.tuning.comparisons import Answer

SHAPE = {
    "context_length": 256, "n_layers": 6, "n_heads": 5, "d_model": 160, "d_mlp": 320, "norm": "rmsnorm",
    "position": "rotary", "activation": "swiglu", "tie_embeddings": True, "bias": False,
}  # fmt: skip
PAIRS, PROMPT, ANSWER, ROUNDS, BETA = 16, 24, 40, 7, 0.1
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
Step = Callable[[], float]


def main() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    tokenizer = Tokenizer.byte_tokenizer()
    ours = Transformer(ModelConfig.from_dict(SHAPE | {"vocab_size": tokenizer.vocab_size}), seed=1)
    drawn = torch.randint(97, 123, (2 * PAIRS, PROMPT + ANSWER), generator=torch.Generator().manual_seed(2)).tolist()
    for row in range(1, len(drawn), 2):
        drawn[row][:PROMPT] = drawn[row - 1][:PROMPT]  # both answers of a pair to one prompt
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder) / "ours", ours, tokenizer, {"name": "random"}, step=0)
        save_pretrained(load_checkpoint(Path(folder) / "ours"), Path(folder) / "theirs")
        theirs = AutoModelForCausalLM.from_pretrained(Path(folder) / "theirs", dtype=torch.float32)
        stock = AutoTokenizer.from_pretrained(Path(folder) / "theirs")
        steps = {
            "DPO, ours": dpo_ours(copy.deepcopy(ours), drawn),
            "DPO, trl": dpo_trl(copy.deepcopy(theirs), copy.deepcopy(theirs), stock, drawn, folder),
            "LoRA, ours": lora_ours(copy.deepcopy(ours), drawn, folder),
            "LoRA, peft": lora_peft(theirs, drawn),
        }
        seconds = timed(steps)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, middle in medians.items():
        print(f"{name:<12} {1000 * middle:8.1f} ms of processor time a step")
    print(f"DPO  {medians['DPO, trl'] / medians['DPO, ours']:.2f} times as fast as trl")
    print(f"LoRA {medians['LoRA, peft'] / medians['LoRA, ours']:.2f} times as fast as peft")


def timed(steps: dict[str, Step]) -> dict[str, list[float]]:
    """Seconds of processor time of every step, by its name; the first, which warms up, is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS + 1):
        for name, step in steps.items():
            start = time.process_time()
            loss = step()
            if number:
                seconds[name].append(time.process_time() - start)
            else:
                print(f"{name:<12} first loss {loss:.6f}")
    return seconds


def stepper(loss: Callable[[], torch.Tensor], optimizer: torch.optim.Optimizer) -> Step:
    def step() -> float:
        optimizer.zero_grad()
        found = loss()
        found.backward()
        optimizer.step()
        return float(found.detach())

    return step


def dpo_ours(model: Transformer, rows: list[list[int]]) -> Step:
    """As a run makes it: the sums of the reference, the gradient, and the statistics of its pass."""
    frozen = copy.deepcopy(model).requires_grad_(False)

    def loss() -> torch.Tensor:
        (micro,) = rectangles([Answer(tuple(row), PROMPT) for row in rows], 1 << 20, together=2)
        batch = PairBatch(**vars(micro), reference=sums_as_in_training(frozen, micro), beta=BETA)
        found = part_of_loss(model, batch, Counter({PairBatch: PAIRS}), token_losses)
        pair_statistics([batch])
        return found

    return stepper(loss, torch.optim.AdamW(model.parameters(), lr=1e-4))


def dpo_trl(model: Any, frozen: Any, tokenizer: Any, rows: list[list[int]], folder: str) -> Step:
    """The loss of trl's trainer on a batch that lies ready, without the loop around it."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    settings = DPOConfig(output_dir=folder, use_cpu=True, bf16=False, report_to="none", beta=BETA, max_length=None,
                         gradient_checkpointing=False, disable_tqdm=True)  # fmt: skip
    text = {"prompt": ["a"], "chosen": ["b"], "rejected": ["c"]}
    trainer = DPOTrainer(model, frozen, settings, train_dataset=Dataset.from_dict(text), processing_class=tokenizer)
    ids = torch.tensor(rows[0::2] + rows[1::2])
    completion = (torch.arange(ids.shape[1]) >= PROMPT).long().expand_as(ids)
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "completion_mask": completion}
    model.train()
    return stepper(lambda: trainer.compute_loss(model, dict(batch)), torch.optim.AdamW(model.parameters(), lr=1e-4))


def lora_ours(model: Transformer, rows: list[list[int]], folder: str) -> Step:
    config = TrainConfig(stage="sft", parent={"checkpoint": folder}, tuning={"way": "lora"})
    trained, ids = Trained(model, config), torch.tensor(rows)
    optimizer = torch.optim.AdamW(list(trained.parameters.values()), lr=1e-4)

    def step() -> float:
        optimizer.zero_grad()
        model.zero_grad()
        found = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        found.backward()
        trained.take_gradients()
        optimizer.step()
        trained.write()
        return float(found.detach())

    return step


def lora_peft(model: Any, rows: list[list[int]]) -> Step:
    from peft import LoraConfig, get_peft_model

    wrapped, ids = get_peft_model(model, LoraConfig(r=8, lora_alpha=8, target_modules=MODULES)), torch.tensor(rows)

    def loss() -> torch.Tensor:
        return F.cross_entropy(wrapped(input_ids=ids[:, :-1]).logits.flatten(0, 1), ids[:, 1:].flatten())

    return stepper(loss, torch.optim.AdamW([p for p in wrapped.parameters() if p.requires_grad], lr=1e-4))


if __name__ == "__main__":
    main()
