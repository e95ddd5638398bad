"""Interventions at work: a model whose forward pass goes through them, and what each part matters for a text.

    from core.analysis.interventions.intervene import intervene
    changed = intervene(load_checkpoint("tinyland"), "zero:L1H3 cut:L0A:7>4")
    changed.model     # the same weights; every pass through it, with or without a cache, has the changes

An edit is a tap that also knows where it is: `edit(site, tensor, past)`, `past` being how many positions came before
the tensor's first. Edits act in order, each on what the one before it left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from core.analysis.interventions.directions import category_direction, prompts_direction, record_sites
from core.analysis.interventions.values import Ablate, Cut, How, Intervention, Part, Patch, Steer, check_all, parse
from core.brief import Brief
from core.model import Cache, Checkpoint, ModelConfig, Site, Tap, Trace, Transformer, compose, run_trace
from core.model.ids import checked_ids
from core.model.past import Past
from core.sequences import common_beginning
from core.text import tinyland

Edit = Callable[[Site, Tensor, int], Tensor]
SAMPLE_SEED = 1_500_000_001  # a stream of documents for samples alone
SAMPLE_TEXTS = 160
DRAWN = 256  # places whose outputs are kept for resampling
LOGIT_BYTES = 2**27  # the most that the logits of one batch may take
OUTPUT_SITES = {
    "head": "z",
    "attention": "attn_out",
    "mlp": "mlp_out",
    "residual": "resid_pre",
}  # where a part's output shows


class Intervened(Transformer):
    """A model seen through edits: it shares every weight with `inner`, of which nothing is copied or changed.

    With a cache an edit knows its true positions; what the cache holds is as the edits left it. A tap given to
    `forward` comes after them.
    """

    inner: Transformer
    edits: tuple[Edit, ...]

    def __init__(self, inner: Transformer, edits: Sequence[Edit]) -> None:
        self.__dict__.update(inner.__dict__)  # modules, buffers and config are the very same objects
        self.__dict__.update(inner=inner, edits=tuple(edits))

    def forward(self, ids: Tensor, *, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        """As `Transformer.forward`, through the edits."""
        logits: Tensor = self.inner(ids, tap=self._after_edits(tap, cache), cache=cache)
        return logits

    def last_logits(self, ids: Tensor, last: int = 1, *, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        """As `Transformer.last_logits`, through the edits."""
        return self.forward(ids, tap=tap, cache=cache)[:, -last:]

    def forward_from(
        self, streams: Mapping[int, Tensor], *, tap: Tap | None = None, past: Past | None = None
    ) -> Tensor:
        """As `Transformer.forward_from`, through the edits."""
        return self.inner.forward_from(streams, tap=self._after_edits(tap, past), past=past)

    def finish_block(
        self, layer: int, x: Tensor, z: Tensor, *, tap: Tap | None = None, past: Past | None = None
    ) -> Tensor:
        """As `Transformer.finish_block`, through the edits."""
        return self.inner.finish_block(layer, x, z, tap=self._after_edits(tap, past), past=past)

    def _after_edits(self, tap: Tap | None, past: Cache | Past | None) -> Tap:
        own = tap_of(self.edits, past.length if past else 0)
        return own if tap is None else compose(own, tap)


def tap_of(edits: Sequence[Edit], past: int = 0) -> Tap:
    """The edits, in order, as one tap for a single forward pass whose first position is `past`."""

    def tap(site: Site, tensor: Tensor) -> Tensor:
        for edit in edits:
            tensor = edit(site, tensor, past)
        return tensor

    return tap


def intervene(
    checkpoint: Checkpoint, interventions: str | Sequence[Intervention], sample: "OutputSample | None" = None
) -> Checkpoint:
    """The checkpoint with its model seen through interventions (or their text form).

    `sample` is what mean and resample ablations take from; None: `sample_parts(checkpoint)`, if one needs it.
    ValueError, with a sentence for people, when they do not fit the model.
    """
    chosen = parse(interventions) if isinstance(interventions, str) else tuple(interventions)
    check_all(chosen, checkpoint.config, checkpoint.tokenizer)
    if sample is None and any(isinstance(one, Ablate) and one.how != "zero" for one in chosen):
        sample = sample_parts(checkpoint)
    edits = [edit_of(one, checkpoint, sample) for one in chosen]
    return replace(checkpoint, model=Intervened(checkpoint.model, edits))


# ---- the sample ----


@dataclass(frozen=True, eq=False, repr=False)
class OutputSample(Brief):
    """What z, attn_out and mlp_out were on a sample of texts. By site, each (H, Dh) or (D,): the `mean` over all
    positions but the start token's. `drawn`, with one more dimension in front: its values at DRAWN random places."""

    mean: dict[Site, Tensor]
    drawn: dict[Site, Tensor]


def sample_ids(checkpoint: Checkpoint, count: int = SAMPLE_TEXTS) -> list[list[int]]:
    """`count` Tinyland documents as this model reads them: after <|endoftext|>, cut to its context."""
    texts = (document.text for document in tinyland.documents(SAMPLE_SEED, stop=count))
    tokenizer, limit = checkpoint.tokenizer, checkpoint.config.context_length
    return [[tokenizer.eot, *tokenizer.encode(text, special=True)][:limit] for text in texts]


def sample_parts(checkpoint: Checkpoint, texts: Sequence[Sequence[int]] | None = None, seed: int = 0) -> OutputSample:
    """The parts' outputs on `texts` (ids; None: `sample_ids`)."""
    rows = sample_ids(checkpoint) if texts is None else texts
    count = sum(len(ids) - 1 for ids in rows)
    places = torch.randint(count, (DRAWN,), generator=torch.Generator().manual_seed(seed))
    sites = [Site(name, layer) for layer in range(checkpoint.config.n_layers) for name in ("z", "attn_out", "mlp_out")]
    total: dict[Site, Tensor] = {}
    drawn: dict[Site, Tensor] = {}
    before = 0
    for _, real, values in record_sites(checkpoint.model, rows, sites):
        real[:, 0] = False  # the start token
        mine = (places >= before) & (places < before + int(real.sum()))  # (P,)
        for site, tensor in values.items():
            here = (tensor.transpose(1, 2) if site.name == "z" else tensor)[real]  # (N, H, Dh) or (N, D)
            total[site] = total.get(site, 0.0) + here.sum(dim=0)
            drawn.setdefault(site, here.new_empty(DRAWN, *here.shape[1:]))[mine] = here[places[mine] - before]
        before += int(real.sum())
    return OutputSample({site: summed / count for site, summed in total.items()}, drawn)


# ---- edits ----


def edit_of(intervention: Intervention, checkpoint: Checkpoint, sample: OutputSample | None = None) -> Edit:
    """The edit that does what the intervention says. Patches and directions are computed here, on the model given."""
    match intervention:
        case Ablate():
            return ablation(intervention, sample)
        case Cut():
            return cut(intervention)
        case Patch():
            return patch(intervention, checkpoint)
        case Steer():
            return steering_edit(intervention.layer, intervention.strength * direction_of(intervention, checkpoint))


def direction_of(steer: Steer, checkpoint: Checkpoint) -> Tensor:
    """The direction (D,) of a steering, before its strength."""
    if steer.minus is None:
        return category_direction(checkpoint, steer.layer, steer.plus, sample_ids(checkpoint))
    return prompts_direction(checkpoint, steer.layer, steer.plus, steer.minus)


def ablation(ablate: Ablate, sample: OutputSample | None) -> Edit:
    """Replaces z of a head (B, H, T, Dh), or attn_out and mlp_out (B, T, D)."""
    part = ablate.part
    kinds = ("attention", "mlp") if part.kind == "layer" else (part.kind,)
    sites = {Site(OUTPUT_SITES[kind], part.layer) for kind in kinds}

    def replacement(site: Site, past: int, T: int) -> Tensor | float:
        if ablate.how == "zero":
            return 0.0
        if sample is None:
            raise ValueError(f"“{ablate}” needs a sample of texts")
        places = torch.arange(past, past + T) % DRAWN
        values = sample.mean[site] if ablate.how == "mean" else sample.drawn[site][places]
        return values[..., part.head, :] if part.head is not None else values  # (Dh,), (T, Dh), (D,) or (T, D)

    def edit(site: Site, tensor: Tensor, past: int) -> Tensor:
        if site not in sites:
            return tensor
        changed = tensor.clone()
        if part.head is None:
            changed[:] = replacement(site, past, tensor.shape[1])
        else:
            changed[:, part.head] = replacement(site, past, tensor.shape[2])
        return changed

    return edit


def cut(chosen: Cut) -> Edit:
    """Sets one score (B, H, T, S) to −∞ before the softmax, which shares its weight out among the others."""
    heads = slice(None) if chosen.part.head is None else chosen.part.head

    def edit(site: Site, tensor: Tensor, past: int) -> Tensor:
        row = chosen.query - past
        if site != ("attn_scores", chosen.part.layer) or not 0 <= row < tensor.shape[2]:
            return tensor
        changed = tensor.clone()
        changed[:, heads, row, chosen.key] = -torch.inf
        return changed

    return edit


def patch(chosen: Patch, checkpoint: Checkpoint) -> Edit:
    """Puts in the part's value at one position from the run on the patch's text."""
    ids = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(chosen.text)]
    part, site_name = chosen.part, OUTPUT_SITES[chosen.part.kind]
    value = output_of(run_trace(checkpoint.model, ids), part)[chosen.position]  # (D,) or (Dh,)

    def edit(site: Site, tensor: Tensor, past: int) -> Tensor:
        row = chosen.position - past
        if site != (site_name, part.layer) or not 0 <= row < tensor.shape[-2]:
            return tensor
        changed = tensor.clone()
        changed[(slice(None), row) if part.head is None else (slice(None), part.head, row)] = value.to(tensor)
        return changed

    return edit


def output_of(trace: Trace, part: Part) -> Tensor:
    """What a trace holds of a part: (T, Dh) for a head, else (T, D)."""
    values: Tensor = getattr(trace, OUTPUT_SITES[part.kind])[part.layer]
    return values if part.head is None else values[part.head]


def steering_edit(layer: int, vector: Tensor) -> Edit:
    """Adds vector (D,) to the stream entering a block, at every position."""

    def edit(site: Site, tensor: Tensor, _past: int) -> Tensor:
        return tensor + vector.to(tensor) if site == ("resid_pre", layer) else tensor

    return edit


# ---- what each part matters ----


def all_parts(config: ModelConfig) -> list[Part]:
    """Layer by layer: its heads, its MLP, and the whole layer."""
    return [
        part
        for layer in range(config.n_layers)
        for part in (
            *(Part("head", layer, head) for head in range(config.n_heads)),
            Part("mlp", layer),
            Part("layer", layer),
        )
    ]


@torch.inference_mode()
def run_ablated(
    model: Transformer, trace: Trace, ablations: Sequence[Ablate], sample: OutputSample | None, past: Past | None = None
) -> Tensor:
    """The log-probabilities (R, T, V) that the model gives when it reads the text of its `trace` once with each of R
    ablations, which stand `in_order`; after what stands in a `past` of the same ablations, for the rest of the text.

    One batch, which grows from block to block: a row begins where its ablation acts, and all that comes before is
    taken from the trace. The caller keeps R within `rows_at_once`.
    """
    streams = {
        layer + 1: streams_after(model, trace, layer, list(some), sample, past)
        for layer, some in groupby(ablations, key=lambda one: one.part.layer)
    }
    return model.forward_from(streams, past=past).float().log_softmax(dim=-1)


def in_order(ablate: Ablate) -> tuple[int, bool]:
    """The key that puts ablations in the order in which they join a pass: by layer, and last in a layer those that
    leave nothing of it to be computed."""
    return ablate.part.layer, ablate.part.kind in ("mlp", "layer")


def streams_after(
    model: Transformer,
    trace: Trace,
    layer: int,
    ablations: Sequence[Ablate],
    sample: OutputSample | None,
    past: Past | None,
) -> Tensor:
    """The streams (R, T, D) that leave a block, behind a past, with each of R ablations of its parts, which stand
    `in_order`."""
    n = past.length if past else 0
    x, z, attn_out, mlp_out = (
        getattr(trace, name)[layer][None, ..., n:, :].to(model.device, model.dtype)  # (1, T, D), but z (1, H, T, Dh)
        for name in ("resid_pre", "z", "attn_out", "mlp_out")
    )
    edits = [ablation(one, sample) for one in ablations]
    on = sum(not in_order(one)[1] for one in ablations)  # so many have an MLP to go through

    def tap(site: Site, tensor: Tensor) -> Tensor:
        rows = zip(edits[:on], tensor.split(1), strict=True)
        return torch.cat([edit(site, row, n) for edit, row in rows]) if site.name == "attn_out" else tensor

    streams = [
        x + edit(Site("attn_out", layer), attn_out, n) + edit(Site("mlp_out", layer), mlp_out, n) for edit in edits[on:]
    ]
    if on:
        edited = torch.cat([edit(Site("z", layer), z, n) for edit in edits[:on]])
        streams.insert(0, model.finish_block(layer, x.expand(on, -1, -1), edited, tap=tap, past=past))
    return torch.cat(streams)


def rows_at_once(config: ModelConfig, T: int) -> int:
    """How many rows of T tokens a batch may have for its logits to stay within LOGIT_BYTES."""
    return max(1, LOGIT_BYTES // (4 * T * config.vocab_size))


@dataclass(frozen=True, eq=False, repr=False)
class PartChanges(Brief):
    """What ablating each of R parts alone changes on a text of T tokens, beside the untouched model.

    base (T − 1,), losses (R, T − 1): -ln p of each token after the first, nats; answer (T,), answers (R, T): the
    likeliest token after each. ids, past: what was read, and what the passes had of it; None if one batch could not
    hold all of them.
    """

    base: Tensor
    losses: Tensor
    answer: Tensor
    answers: Tensor
    ids: tuple[int, ...]
    past: Past | None


def part_changes(
    model: Transformer,
    ids: Sequence[int],
    parts: Sequence[Part],
    how: How,
    sample: OutputSample | None,
    trace: Trace | None = None,
    report: Callable[[float], object] = lambda *_: None,
    known: PartChanges | None = None,
) -> PartChanges:
    """Reads the text once with each part alone ablated. `trace`: that of the ids, from whoever has it already;
    `report` is told the share that is done. `known`: what was found so of a text that may begin with the same tokens:
    these are not read again.

    ValueError: fewer than 2 ids, otherwise as for a trace.
    """
    ids = checked_ids(ids, model.config)
    if len(ids) < 2:
        raise ValueError("a loss needs a token to come: give at least two ids")
    trace = trace or run_trace(model, ids)
    ablations = [Ablate(part, how) for part in parts]
    rows = sorted(range(len(parts)), key=lambda i: in_order(ablations[i]))
    batches = torch.tensor(rows).split(rows_at_once(model.config, len(ids)))
    losses, answers = torch.empty(len(parts), len(ids) - 1), torch.empty(len(parts), len(ids), dtype=torch.int64)
    past, n, done = Past() if len(batches) == 1 else None, 0, 0
    if past and known and known.past:
        n = max(0, common_beginning(known.ids, ids) - 1)  # the last in common is read again: another comes after it
        past = known.past.first(n)
        losses[:, :n], answers[:, :n] = known.losses[:, :n], known.answers[:, :n]
    for some in batches:
        report(done / len(parts))
        done += len(some)
        log_probs = run_ablated(model, trace, [ablations[i] for i in some], sample, past)  # (R, T − n, V)
        losses[some, n:], answers[some, n:] = token_losses(log_probs, ids[n:]), likeliest(log_probs)
    base = token_losses(trace.logits.log_softmax(dim=-1)[None], ids)[0]
    return PartChanges(base, losses, likeliest(trace.logits), answers, tuple(ids), past and past.after())


def part_effects(
    model: Transformer, ids: Sequence[int], parts: Sequence[Part], how: How, sample: OutputSample | None
) -> tuple[Tensor, Tensor]:
    """The losses of `part_changes` alone: (base (T − 1,), losses (R, T − 1)), nats per token."""
    found = part_changes(model, ids, parts, how, sample)
    return found.base, found.losses


def token_losses(log_probs: Tensor, ids: Sequence[int]) -> Tensor:
    """-ln p of each token that was to come: log_probs (R, T, V) -> (R, T − 1) nats."""
    following = torch.tensor(list(ids[1:]), device=log_probs.device)[:, None].expand(len(log_probs), -1, 1)
    return -log_probs[:, :-1].gather(2, following)[..., 0].cpu()


def likeliest(scores: Tensor) -> Tensor:
    """The place of the largest score, the first of equals: scores (..., V) -> (...), int64. NumPy finds it 12 times as
    fast as torch: 0.1 ms for 42 readings of 22 tokens."""
    return torch.from_numpy(scores.cpu().numpy().argmax(axis=-1))
