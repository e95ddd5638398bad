"""How fast Tinyland is written, exact probability included: python -m tests.bench.bench_tinyland

Millions of bytes of text for a second of one core's time: the median and the best of several rounds.
"""

import statistics
import time

from core.text import tinyland

ROUNDS, DOCUMENTS = 12, 3000


def main() -> None:
    speeds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        size = sum(len(document.text.encode()) for document in tinyland.documents(0, 0, DOCUMENTS))
        speeds.append(size / (time.process_time() - begun) / 1e6)
    print(f"{DOCUMENTS:,} documents: {statistics.median(speeds):.2f} MB/s, at best {max(speeds):.2f}")


if __name__ == "__main__":
    main()
