"""A step of DPO and a step of LoRA beside the stock Llama class, one thread: python -m tests.bench.bench_tuning

The same random Llama of the shipped shape, the same tokens, interleaved, medians. Theirs: the arithmetic of trl's
DPOTrainer (log-probabilities of the policy, of the frozen reference without gradients, -log σ of the margin, AdamW)
without the Trainer around it, and `peft`'s LoRA. Both must come to the same loss.
"""

import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

from core.model import ModelConfig, Transformer, load_checkpoint, save_checkpoint, save_pretrained
from core.text import Tokenizer
from core.training.config import TrainConfig
from core.training.policy import rectangles
from core.training.trained import Trained
from core.tuning import dpo_loss, sequence_log_probs
from core.tuning.comparisons import Answer

SHAPE = {
    "context_length": 256, "n_layers": 6, "n_heads": 5, "d_model": 160, "d_mlp": 320, "norm": "rmsnorm",
    "position": "rotary", "activation": "swiglu", "tie_embeddings": True, "bias": False,
}  # fmt: skip
PAIRS, PROMPT, ANSWER, ROUNDS, BETA = 16, 24, 40, 7, 0.1
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    tokenizer = Tokenizer.byte_tokenizer()
    ours = Transformer(ModelConfig.from_dict(SHAPE | {"vocab_size": tokenizer.vocab_size}), seed=1)
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder) / "ours", ours, tokenizer, {"name": "random"}, step=0)
        save_pretrained(load_checkpoint(Path(folder) / "ours"), Path(folder) / "theirs")
        theirs = AutoModelForCausalLM.from_pretrained(Path(folder) / "theirs", dtype=torch.float32)
        wrapped = get_peft_model(copy.deepcopy(theirs), LoraConfig(r=8, lora_alpha=8, target_modules=MODULES))
        config = TrainConfig(stage="sft", parent={"checkpoint": folder}, tuning={"way": "lora"})
    drawn = torch.randint(0, 250, (2 * PAIRS, PROMPT + ANSWER), generator=torch.Generator().manual_seed(2))
    (micro,) = rectangles([Answer(tuple(row), PROMPT) for row in drawn.tolist()], 1 << 20, together=2)
    counts = micro.targets >= 0

    def preferred(policy: Callable[[], torch.Tensor], reference: Callable[[], torch.Tensor]) -> torch.Tensor:
        with torch.no_grad():
            frozen = reference()
        now = policy()
        return dpo_loss(now[0::2], now[1::2], frozen[0::2], frozen[1::2], BETA)[0]

    def stock(model: torch.nn.Module) -> torch.Tensor:  # as trl: log-probabilities of the completion, summed
        log_probs = model(input_ids=micro.inputs).logits.log_softmax(-1)
        return (log_probs.gather(2, micro.targets.clamp(min=0)[..., None])[..., 0] * counts).sum(1)

    frozen_ours, frozen_theirs = copy.deepcopy(ours), copy.deepcopy(theirs)
    adapted = copy.deepcopy(ours)
    trained = Trained(adapted, config)

    def lora_ours() -> torch.Tensor:
        return F.cross_entropy(adapted(micro.inputs).flatten(0, 1), micro.targets.flatten(), ignore_index=-100)

    def lora_theirs() -> torch.Tensor:
        logits = wrapped(input_ids=micro.inputs).logits
        return F.cross_entropy(logits.flatten(0, 1), micro.targets.flatten(), ignore_index=-100)

    def stepper(loss: Callable[[], torch.Tensor], weights: list[torch.nn.Parameter]) -> Callable[[], float]:
        optimizer = torch.optim.AdamW(weights, lr=1e-4)

        def step() -> float:
            optimizer.zero_grad()
            found = loss()
            found.backward()
            if loss is lora_ours:
                trained.take_gradients()
                adapted.zero_grad()
            optimizer.step()
            if loss is lora_ours:
                trained.write()
            return float(found.detach())

        return step

    def of(model: torch.nn.Module) -> Callable[[], torch.Tensor]:
        return lambda: sequence_log_probs(model(micro.inputs), micro.targets)

    steps = {
        "DPO, ours": stepper(lambda: preferred(of(ours), of(frozen_ours)), list(ours.parameters())),
        "DPO, stock": stepper(
            lambda: preferred(lambda: stock(theirs), lambda: stock(frozen_theirs)), list(theirs.parameters())
        ),
        "LoRA, ours": stepper(lora_ours, list(trained.parameters.values())),
        "LoRA, peft": stepper(lora_theirs, [p for p in wrapped.parameters() if p.requires_grad]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            loss = step()
            if number:
                seconds[name].append(time.perf_counter() - start)
            else:
                print(f"{name:<12} first loss {loss:.6f}")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, middle in medians.items():
        print(f"{name:<12} {1000 * middle:8.1f} ms a step")
    print(f"DPO  {medians['DPO, stock'] / medians['DPO, ours']:.2f} times as fast as the stock class")
    print(f"LoRA {medians['LoRA, peft'] / medians['LoRA, ours']:.2f} times as fast as peft")


if __name__ == "__main__":
    main()
