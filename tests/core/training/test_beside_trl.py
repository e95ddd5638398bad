"""One step of DPO beside `trl`'s DPOTrainer on the same random Llama and the same texts."""

import os

import pytest
import torch

from core.model import load_checkpoint, save_checkpoint, save_pretrained
from core.model.stock.weights import sources
from core.text import Tokenizer
from core.training.compute import Workers
from core.training.preference.objectives import PairBatch, pair_statistics
from core.training.preference.policy import rectangles, sums_as_in_training
from core.tuning.comparisons import Answer
from tests.core.tuning.test_lora import random_model

pytestmark = pytest.mark.slow

PAIRS = [("Mia", " ran", " sat down"), ("A red ball", " is red", "."), ("Tom", " was tired", " slept"), ("I", "t", "f")]
BETA = 0.3


def trl_trainer(folder):
    """trl's, about to make a step from `random_model(4)` away from `random_model(3)`, and its batch."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    models = []
    for seed in (4, 3):
        save_checkpoint(folder / "ours", random_model(seed), Tokenizer.byte_tokenizer(), {"name": "random"}, step=0)
        save_pretrained(load_checkpoint(folder / "ours"), folder / f"theirs-{seed}")
        models.append(AutoModelForCausalLM.from_pretrained(folder / f"theirs-{seed}", dtype=torch.float32))
    settings = DPOConfig(output_dir=str(folder), use_cpu=True, bf16=False, report_to="none", beta=BETA, max_length=None,
                         per_device_train_batch_size=len(PAIRS))  # fmt: skip
    columns = dict(zip(("prompt", "chosen", "rejected"), map(list, zip(*PAIRS, strict=True)), strict=True))
    tokenizer = AutoTokenizer.from_pretrained(folder / "theirs-3")
    return DPOTrainer(
        models[0], models[1], settings, train_dataset=Dataset.from_dict(columns), processing_class=tokenizer
    )


def test_a_step_of_dpo_has_the_loss_the_gradient_and_the_statistics_of_trl(tmp_path):
    trainer = trl_trainer(tmp_path)
    theirs = next(iter(trainer.get_train_dataloader()))
    loss = trainer.compute_loss(trainer.model.train(), theirs)
    loss.backward()

    rows = [ids[seen.bool()].tolist() for ids, seen in zip(theirs["input_ids"], theirs["attention_mask"], strict=True)]
    begins = theirs["completion_mask"].argmax(dim=1).tolist()
    order = [row for pair in range(len(PAIRS)) for row in (pair, pair + len(PAIRS))]
    answers = [Answer(tuple(rows[row]), begins[row]) for row in order]
    policy, reference = random_model(4), random_model(3).requires_grad_(False)
    batch = [PairBatch(**vars(m), reference=sums_as_in_training(reference, m), beta=BETA)
             for m in rectangles(answers, 40, together=2)]  # fmt: skip
    assert len(batch) > 2
    workers = Workers(policy, 2, torch.float32)
    assert workers.gradients(batch) == pytest.approx(float(loss.detach()), abs=1e-5)
    workers.close()

    gradients = {name: p.grad for name, p in trainer.model.named_parameters()}
    made = sources(policy.config, [name for name, _ in policy.named_parameters()], gradients)
    for name, p in policy.named_parameters():
        torch.testing.assert_close(p.grad, made[name].take(gradients[made[name].name]), atol=1e-5, rtol=1e-5)
    told, ours = trainer._metrics["train"], pair_statistics(batch)
    names = {"accuracy": "rewards/accuracies", "rewards_chosen": "rewards/chosen", "rewards_margin": "rewards/margins",
             "log_probs_chosen": "logps/chosen", "log_probs_rejected": "logps/rejected"}  # fmt: skip
    for name, other in names.items():
        assert ours[name] == pytest.approx(told[other][0], abs=1e-4)
