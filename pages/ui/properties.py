"""The table of what a visitor can set: names, kinds, defaults and bounds. state.py keeps their values."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.generation import STAGES
from core.text.bpe import well_formed
from pages.ui.literal import literal

MAX_LINK_TEXT = 1500  # characters of text that a link carries
MATTERS = ("Duplicates", "Personal data", "Test questions", "Bad text", "Being forgotten")
DEFAULT_TEXT = "One day, Brigid and Suki were in the park. Brigid had a kite. Brigid gave the kite to Suki because she"


@dataclass(frozen=True)
class Property:
    """One row of the table. `kind` is int, float, bool or str; None stands for "not set" where `default` is None."""

    name: str
    kind: type
    default: Any
    low: float = 0
    high: float = 0
    step: float = 1
    options: tuple[Any, ...] = ()
    page: str = ""  # the only one that it matters on; "": all of them

    def parse(self, raw: str) -> Any:  # noqa: ANN401 (of the kind that the row says)
        """The value that `raw` spells; ValueError with a message for people when it spells none."""
        if self.kind is str:
            if self.options and raw not in self.options:
                raise ValueError(f"“{literal(raw[:40])}” is not one of {', '.join(self.options)}")
            return clean(raw)[:MAX_LINK_TEXT]
        if len(raw) > 24 or not raw.isascii():
            raise ValueError("not a number")
        try:
            value = self.kind(raw)
        except ValueError:
            raise ValueError(f"“{literal(raw)}” is not a number") from None
        if not self.holds(value):
            among = f"one of {', '.join(map(str, self.options))}" if self.options else ""
            raise ValueError(f"{raw} is not {among or f'between {self.low:g} and {self.high:g}'}")
        return value

    def holds(self, value: Any) -> bool:  # noqa: ANN401 (as above)
        """Whether a value of the row's kind is one of its options, or a number within its bounds; any text is."""
        if self.options:
            return value in self.options
        return self.kind in (str, bool) or bool(self.low <= value <= self.high)


def clean(text: str) -> str:
    """`text` as well-formed Unicode with \\n line ends: lone surrogates become U+FFFD, everything else stays."""
    return well_formed(text).replace("\r\n", "\n").replace("\r", "\n")


def _only(page: str, *rows: Property) -> Iterator[Property]:
    return (replace(row, page=page) for row in rows)


PROPERTIES: dict[str, Property] = {
    row.name: row
    for row in (
        Property("model", str, ""),
        Property("step", int, None, 0, 10**9),  # None: the last one
        Property("text", str, DEFAULT_TEXT),
        Property("cursor", int, None, 0, 10**6),  # the pinned position
        Property("layer", int, None, 0, 255),  # None: as pages/ui/which_head.py says
        Property("head", int, None, 0, 255),
        Property("interventions", str, ""),  # changes inside the model: the text form of core.analysis.interventions
        Property("special", str, "text", options=("text", "tokens")),  # what names such as <|end|> are in the text
        *_only(
            "sampling",
            *(Property(row.name, int if row.whole else float, row.off, *row.slider) for row in STAGES),
            Property("stages", str, ""),  # the sampler's stages in their order, "-" before one that is switched off
            Property("seed", int, 0, 0, 2**31 - 1),
            Property("new_tokens", int, 40, 1, 200),
            Property("compare_from", str, "new documents", options=("new documents", "the text above, continued")),
            Property("compare_count", int, 12, 4, 60, 4),
            Property("beams", int, 3, 1, 6),
            Property("beam_tokens", int, 7, 2, 12),
            Property("best_of", int, 8, 2, 16),
            Property("drafted", int, 4, 1, 8),  # tokens at a time
        ),
        *_only(
            "embeddings",
            Property("dimensions", str, "2-D", options=("2-D", "3-D")),
            Property("word", str, ""),  # the word chosen on the map of embeddings
            Property("projection", str, "PCA", options=("PCA", "t-SNE", "UMAP")),
            Property("metric", str, "cosine", options=("cosine", "Euclidean")),
            Property("compare", str, "as read", options=("as read", "as spoken")),  # embeddings, or logits
            Property("among", str, "all tokens", options=("all tokens", "whole words")),  # where neighbours are found
            Property("relation", str, ""),  # of the analogies; a − b + c are words
            Property("vector_a", str, ""),
            Property("vector_b", str, ""),
            Property("vector_c", str, ""),
            Property("second", str, ""),  # the text beside the visitor's, for one word in two contexts; "": an example
            Property("places", str, "taken away", options=("taken away", "50 later", "doubled", "backwards")),
            Property("position_layer", int, None, 0, 255),  # None: as pages/ui/which_head.py says
            Property("position_head", int, None, 0, 255),
        ),
        *_only("training", Property("run", str, "")),
        *_only(
            "finetuning",
            Property("taught", str, ""),  # the fine-tuned run on show; "": the newest of this browser
            Property(
                "task",
                str,
                "playing a role",
                options=(
                    "playing a role",
                    "answering questions",
                    "refusing a topic",
                    "doing small jobs",
                    "all four",
                    "your own chats",
                ),
            ),  # what the chats teach
            Property("chat", int, 0, 0, 10**6),  # the chat on the strip
            Property("mask", str, "assistant", options=("assistant", "all")),  # "all": a mistake, on purpose
            Property("begin_at", int, None, 0, 10**9),  # the step that teaching begins from; None: the base
            Property("moved_parts", str, "matrices", options=("matrices", "heads", "neurons")),  # what moved inside
        ),
        *_only(
            "limits",
            Property("told", str, "once", options=("nobody", "never", "once", "4 times", "16 times", "1,024 times")),
            Property("limits_temperature", float, 1.0, 0.2, 5.0, 0.05),  # of the certainty about birthdays
            Property("limits_threshold", float, 0.5, 0.0, 1.0, 0.01),  # from which it answers
            Property("statements", int, 2000, 100, 50_000),  # of the corpus of the singleton law
            Property("unequal", float, 0.6, 0.0, 1.5, 0.1),  # how unequally often its people are told of
            Property("occupation", str, ""),  # of the sentences that differ in one word; "": an example
            Property("other_occupation", str, ""),
            Property("bits", str, ""),  # what the weights are rounded to
            Property("energy_model", str, ""),
            Property("energy_work", str, "Training", options=("Training", "Answering")),
        ),
        *_only(
            "prompting",
            Property(
                "rule_family",
                str,
                "what is done to a list",
                options=(
                    "what is done to a list",
                    "words it knows",
                    "words it must work out",
                    "rules it never met",
                ),
            ),
            Property("few_shot_measure", str, "games done right", options=("games done right", "log-probability")),
            Property("shots", int, 3, 0, 8),  # examples of the game on show
            Property("examples_are", str, "right", options=("right", "with wrong outcomes", "of other rules")),
            Property("game_number", int, 0, 0, 9999),
            Property("game_order", int, 0, 0, 9999),
            Property("tip", int, 0, 0, 99),
            Property(
                "lab_task",
                str,
                "find the rule",
                options=(
                    "find the rule",
                    "translate",
                    "know a fact",
                    "keep to a form",
                ),
            ),
            Property("own_prompt", str, ""),  # a template of core.prompting.tasks
            Property("budget_examples", int, 8, 0, 40),
            Property("hidden_kind", str, ""),  # of hidden instructions; "": the first
        ),
        *_only(
            "feedback",
            Property("pair", int, 0, 0, 10**6),  # which two continuations are compared
            Property(
                "rater",
                str,
                "happier",
                options=(
                    "your own comparisons",
                    "more animals",
                    "happier",
                    "shorter",
                    "truthful",
                    "says “I do not know”",
                ),
            ),  # whose comparisons the reward model learns from
            Property("compared", int, 100, 20, 400, 20),
            Property("noise", float, 0.3, 0.0, 2.0, 0.1),
            Property("beta", float, 1.0, 0.1, 5.0, 0.1),
            Property(
                "shaped", str, ""
            ),  # the run on show that learned from comparisons; "": the newest of this browser
        ),
        *_only(
            "uses",
            Property("use_system", str, "Answer in a full sentence."),  # the system prompt of the chat
            Property("translate_from", str, "English", options=("English", "Olu")),
            Property("translate_text", str, ""),  # "": an example
            Property("story_from", str, "a beginning", options=("a beginning", "a wish")),
            Property("story_text", str, ""),
            Property("story_seed", int, 0, 0, 9999),
            Property("program_text", str, ""),
            Property("failure", int, 0, 0, 9999),  # number, from 0
            Property("use", str, "chat", options=("chat", "translation", "writing", "code")),  # its failures are shown
        ),
        *_only(
            "tokenization",
            Property("tokenizer", str, "model"),  # pages/ui/tokenizers.py lists them
        ),
        *_only(
            "data",
            Property("documents_from", str, "our crawl", options=("our crawl", "your files")),
            Property("crawl_pages", str, "1,000", options=("300", "1,000", "3,000", "10,000", "30,000")),
            Property("crawl_seed", int, 0, 0, 9999),
            Property("measure", str, "documents", options=("documents", "words", "bytes")),
            Property("pipeline", str, ""),  # see pages/ui/data/settings.py
            Property("tuned", str, ""),
            Property("stage_open", str, "near"),
            Property("matter", str, "Duplicates", options=MATTERS),
            Property("alike_texts", str, "pages", options=("pages", "books")),
            Property("alike_runs", str, "words", options=("words", "characters")),
            Property("alike_bands", int, 14, 1, 32),
            Property("alike_rows", int, 8, 1, 16),
        ),
        *_only(
            "attention",
            Property("open_heads", str, ""),  # "": the one above; "none", "alone", or several as "0.1 2.3"
            Property("also_pinned", str, ""),  # "9: 4 7": beside the cursor at 9, positions 4 and 7
            Property("first_aside", int, 0, 0, 1),  # attention to the first token is left out
        ),
        *_only(
            "experiments",
            Property("ablation", str, "zero", options=("zero", "mean", "resample")),  # what a part is replaced by
            Property("clean", str, ""),  # patching: two prompts, the word that each asks for; "": the first preset
            Property("corrupted", str, ""),
            Property("clean_answer", str, ""),
            Property("corrupted_answer", str, ""),
            Property("patched", str, "residual", options=("residual", "attention", "mlp", "head")),
            Property("steer_by", str, "a kind of word", options=("a kind of word", "two prompts")),
            Property("steer_kind", str, "animals"),  # a category of Tinyland's words
            Property("steer_plus", str, "Suki was happy"),
            Property("steer_minus", str, "Suki was sad"),
            Property("steer_layer", int, 3, 0, 255),
            Property("steer_strength", float, 0.25, -8.0, 8.0, 0.05),
            Property("skill_cases", int, 50, options=(25, 50, 100, 200)),
        ),
        *_only(
            "inside",
            Property("block", int, None, 0, 255),  # the block that is open in the diagram of the stream
            Property("cell", str, ""),  # a cell of it that is kept: "mlp_pre.3", "q.2.17" (head 2)
            Property("answer", str, ""),  # the token whose making is watched; "": the model's own answer
            Property("against", str, ""),  # the token that it is compared with; "": none
            Property("maker", str, ""),  # "2.4": the head whose sources are shown; "": the one that adds most
            Property("lens", str, "probability", options=("probability", "rank", "entropy", "divergence")),
            Property("neuron", str, ""),  # "2.113": layer 2, neuron 113; "": the strongest
            Property("strongest", str, "writes", options=("writes", "activation", "effect")),  # what sorts the neurons
        ),
    )
}
