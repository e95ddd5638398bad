"""What the tokenization page costs: python -m tests.bench.bench_tokenizers

100 kB through each tokenizer, beside tiktoken alone; and how long a visitor's request takes while a tokenizer is
trained in a thread of the same process: our resting worker beside a plain thread. Interleaved, medians.
"""

import statistics
import threading
import time
from collections.abc import Callable

from core.text import PUBLIC_ENCODINGS, Tokenizer, public_encoding, train_bpe
from core.text.background import Training
from core.text.graphemes import grapheme_groups
from tests.bench.bench_bpe import corpus, zipf_documents

ROUNDS = 9
REQUESTS = 60


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def cutting(text: str) -> None:
    own = Tokenizer.from_bpe(train_bpe([text], 2048), "own")
    print(f"{len(text):,} characters: ms    tiktoken   encode   ratio   pieces   graphemes")
    for tokenizer in (own, *map(public_encoding, PUBLIC_ENCODINGS)):
        columns: list[list[float]] = [[], [], [], []]
        pieces = tokenizer.pieces(text)
        ways = (
            lambda: tokenizer.encoding.encode_ordinary(text),  # noqa: B023
            lambda: tokenizer.encode(text),  # noqa: B023
            lambda: tokenizer.pieces(text),  # noqa: B023
            lambda: grapheme_groups(pieces, text),  # noqa: B023
        )
        for _ in range(ROUNDS):
            for column, way in zip(columns, ways, strict=True):
                column.append(1000 * seconds(way))
        alone, ours, cut, groups = map(statistics.median, columns)
        print(
            f"{tokenizer.name:26s} {alone:8.1f} {ours:8.1f} {ours / alone:7.2f} {cut:8.1f} {groups:11.1f}", flush=True
        )


def request() -> None:
    """About 8 ms of Python, as a page's script is, with a wait in the middle."""
    sum(i * i for i in range(60_000))
    time.sleep(0.001)
    sum(i * i for i in range(60_000))


def beside(begin: Callable[[], Callable[[], None]]) -> tuple[float, float]:
    """Median and 95th percentile (ms) of requests while what `begin` starts is going; it returns how to stop it."""
    stop = begin()
    times = []
    for _ in range(REQUESTS):
        times.append(1000 * seconds(request))
        time.sleep(0.02)
    stop()
    return statistics.median(times), sorted(times)[int(0.95 * len(times))]


def training(texts: list[str]) -> None:
    def nothing() -> Callable[[], None]:
        return lambda: None

    def resting() -> Callable[[], None]:
        worker = Training("bench", texts, texts[0], 60_000)
        worker.start()
        return worker.stop

    def plain() -> Callable[[], None]:
        ended = threading.Event()

        def on_merge(_: object) -> None:
            if ended.is_set():
                raise SystemExit

        threading.Thread(target=train_bpe, args=(texts, 60_000), kwargs={"on_merge": on_merge}, daemon=True).start()
        return ended.set

    print("\na request of about 8 ms, ms     p50     p95")
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(3):
        for name, begin in (("alone", nothing), ("beside our training", resting), ("beside a plain thread", plain)):
            found.setdefault(name, []).append(beside(begin))
            time.sleep(0.5)
    for name, pairs in found.items():
        p50, p95 = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:30s} {p50:6.1f} {p95:7.1f}", flush=True)


def main() -> None:
    texts = corpus(zipf_documents())
    cutting("\n".join(texts)[:100_000])
    training(["\n".join(texts)])


if __name__ == "__main__":
    main()
