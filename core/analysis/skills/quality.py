"""What a setting of the sampler does to many texts: how varied, likely and repetitive; in Tinyland also how true."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from core.analysis.skills.cases import Share
from core.analysis.skills.claims import claims
from core.generation.batch import Sample, mean_log_prob, sample_batch
from core.generation.sampler import Sampler
from core.model import Checkpoint
from core.text import tinyland

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Quality:
    """Measures of n texts written with one setting.

    distinct: for n = 1, 2, 3, distinct n-grams of tokens as a share of all, over all texts ("distinct-n", Li et al.
    2016). log_prob: the model's own, nats per token. repetition: the share of 4-grams that came before in the same
    text, the mean over texts ("seq-rep-4", Welleck et al. 2020). length: tokens per text, the end included. parsed: how
    many are documents that Tinyland's grammar can write, from the first character to the last. true: how many of the
    facts that the texts state are facts.
    """

    sampler: Sampler
    texts: tuple[str, ...]
    distinct: tuple[float, float, float]
    log_prob: float
    repetition: float
    length: float
    parsed: Share
    true: Share


def distinct(texts: Iterable[Sequence[int]], n: int) -> float:
    """Distinct n-grams as a share of all n-grams of the texts; NaN if there is none."""
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1)]
    return len(set(grams)) / len(grams) if grams else math.nan


def repetition(text: Sequence[int], n: int = 4) -> float:
    """The share of n-grams that stood before in the same text; 0 for a text too short to have one."""
    count = len(text) - n + 1
    return 1 - distinct([text], n) if count > 0 else 0.0


def truth(texts: Sequence[str], report: Callable[[float], object] = lambda _: None) -> tuple[Share, Share]:
    """(texts that Tinyland could have written, true facts among the facts that the texts state)."""
    known = {(fact.subject, fact.relation, fact.value) for fact in tinyland.WORLD.facts}
    parsed, stated = 0, list[tuple[str, str, str]]()
    for place, text in enumerate(texts):
        report(place / len(texts))
        ok, said = claims(text)
        parsed += ok
        stated += said
    return Share(parsed, len(texts)), Share.of(claim in known for claim in stated)


def measure(
    checkpoint: Checkpoint, prompt: Sequence[int], sampler: Sampler, seeds: Sequence[int], max_new_tokens: int,
    report: Report = lambda *_: None,
) -> Quality:  # fmt: skip
    """The Quality of one text per seed, each from the prompt (which begins with <|endoftext|>) to its end."""
    tokenizer = checkpoint.tokenizer
    stop = {tokenizer.eot}
    samples = sample_batch(
        checkpoint.model, prompt, sampler, seeds, max_new_tokens, stop, lambda share: report(share / 2, "writing")
    )
    texts = tuple(tokenizer.decode([*prompt[1:], *_inner(sample, stop)]) for sample in samples)
    parsed, true = truth(texts, lambda share: report((1 + share) / 2, "reading what was written"))
    ids = [sample.ids for sample in samples]
    return Quality(
        sampler, texts, (distinct(ids, 1), distinct(ids, 2), distinct(ids, 3)), mean_log_prob(samples),
        sum(map(repetition, ids)) / max(len(ids), 1), sum(map(len, ids)) / max(len(ids), 1), parsed, true,
    )  # fmt: skip


def _inner(sample: Sample, stop: Collection[int]) -> list[int]:
    return [id for id in sample.ids if id not in stop]


def curve(
    checkpoint: Checkpoint, sampler: Sampler, temperatures: Sequence[float], seeds: Sequence[int], max_new_tokens: int,
    report: Report = lambda *_: None,
) -> list[Quality]:  # fmt: skip
    """`measure` at each temperature, the other settings as they are, on documents from their first token."""
    found = []
    for place, temperature in enumerate(temperatures):

        def part(share: float, doing: str, place: int = place, temperature: float = temperature) -> None:
            report((place + share) / len(temperatures), f"temperature {temperature:g}, {doing}")

        setting = replace(sampler, temperature=temperature)
        found.append(measure(checkpoint, [checkpoint.tokenizer.eot], setting, seeds, max_new_tokens, part))
    return found
