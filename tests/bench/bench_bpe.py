"""CPU time of `train_bpe` beside Hugging Face's `BpeTrainer` on 5 MB: python -m tests.bench.bench_bpe

Interleaved runs, medians of the CPU seconds of this process (user + system), HF on one thread. Two corpora: words drawn
from a Zipf distribution over 40,000 made-up words, and Tinyland when it is there.
"""

import os
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate

os.environ.update(RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")  # before tokenizers is imported

from core.text import train_bpe
from tests.core.text.hf_reference import train_hf

CORPUS_BYTES = 5_000_000
REPEATS = 5


def zipf_documents(seed: int = 0, words: int = 40_000) -> Iterator[str]:
    """Endless documents of 40 sentences; word r of the vocabulary has a probability proportional to 1 / (r + 2.7)."""
    rng = random.Random(seed)
    syllables = [onset + rhyme for onset in "bcdfghklmnprstvw" for rhyme in ("a", "e", "i", "o", "u", "an", "er", "in")]
    vocabulary = [
        "".join(rng.choices(syllables, k=1 + (rank > 50) + (rank > 2_000) + rng.randrange(2))) for rank in range(words)
    ]
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(words)))
    while True:
        sentences = []
        for _ in range(40):
            chosen = rng.choices(vocabulary, cum_weights=weights, k=rng.randint(4, 16))
            if rng.random() < 0.2:
                chosen.insert(0, str(rng.randrange(5_000)))
            sentences.append(" ".join(chosen).capitalize() + rng.choice([".", ".", "?", "!\n", ", it's so.\n\n"]))
        yield " ".join(sentences)


def tinyland_documents() -> Iterator[str]:
    """Documents of Tinyland, stream 0."""
    from core.text import tinyland

    for document in tinyland.documents(seed=0):
        yield document.text


def corpus(documents: Iterator[str]) -> list[str]:
    """The first documents, `CORPUS_BYTES` in all."""
    texts, size = [], 0
    while size < CORPUS_BYTES:
        texts.append(next(documents))
        size += len(texts[-1].encode())
    return texts


def cpu_seconds(work: Callable[[], object]) -> float:
    """User and system time of one call, all threads of this process."""
    before = os.times()
    work()
    after = os.times()
    return after.user + after.system - before.user - before.system


def main() -> None:
    """Print one line per corpus and vocabulary size."""
    corpora = {"zipf": corpus(zipf_documents())}
    try:
        corpora["tinyland"] = corpus(tinyland_documents())
    except (ImportError, AttributeError) as error:
        print(f"tinyland left out: {error}", file=sys.stderr)
    print("corpus     vocabulary   ours (s)   HF (s)   ratio")
    for name, texts in corpora.items():
        for size in (1024, 4096):
            ours, theirs = [], []
            for _ in range(REPEATS):
                ours.append(cpu_seconds(lambda: train_bpe(texts, size)))  # noqa: B023
                theirs.append(cpu_seconds(lambda: train_hf(texts, size)))  # noqa: B023
            a, b = statistics.median(ours), statistics.median(theirs)
            print(f"{name:10} {size:10} {a:10.2f} {b:8.2f} {a / b:7.2f}", flush=True)


if __name__ == "__main__":
    main()
