"""A tokenizer trained in a thread beside a server: it can be watched and stopped, and it leaves the others their turn.

    training = Training("Tinyland", texts, held_out, 4096)
    training.start()
    training.progress, training.merges[-10:], training.curve     # at any time, from any thread
    training.stop()                                              # what was learned so far is a tokenizer too
    training.tokenizer("mine")

Python runs one thread at a time. The worker therefore takes small portions and rests after each as long as it worked:
half of one core at most, and never more than a few milliseconds between two chances for a visitor's request.
"""

import threading
import time
from collections.abc import Iterable, Iterator

import regex

from core.text.bpe import Bpe, Merge, check_vocab_size, count_chunks, iterate_merges, well_formed
from core.text.tokenizer import Tokenizer

PORTION = 20_000  # characters counted in one go
SLICE = 0.004  # seconds of work between two rests
GROWTH = 1.12  # the vocabulary grows by this factor from one point of the curve to the next
# No chunk of our pattern crosses these places, so a text may be counted in portions that end there.
_SEAM = regex.compile(r"(?<=\n)(?=\S)|(?<=\S)(?= \S)")
ENDED = ("finished", "stopped", "failed")


class _Stopped(Exception):
    pass


def portions(text: str, size: int = PORTION) -> Iterator[str]:
    """The text in parts of about `size` characters; the chunks of the parts are the chunks of the text."""
    start = 0
    while start < len(text):
        seam = _SEAM.search(text, start + size)
        end = seam.start() if seam else len(text)
        yield text[start:end]
        start = end


def hold_out(text: str, most: int = 100_000) -> tuple[str, str]:
    """The text without its end, and its end: a tenth of it, `most` characters at most, to measure on. A text that ends
    in one long word is cut inside it."""
    wanted = len(text) - min(len(text) // 10, most)
    seam = _SEAM.search(text, wanted)
    end = seam.start() if seam else wanted
    return text[:end], text[end:]


class Training:
    """One training. `state`: "waiting", "counting" the chunks, "merging", then one of `ENDED`.

    `merges` grows one by one, `curve` has (vocabulary size, bytes per token on the held-out text); read both freely.
    `read` counts the characters read while counting; `message` says why a training failed.
    """

    def __init__(self, title: str, texts: Iterable[str], held_out: str, vocab_size: int, size: int = 0) -> None:
        """`texts` may be an iterator; it is read in the thread. `size` is how many characters it has, if known.

        ValueError for an impossible vocabulary size, or for nothing to measure on.
        """
        check_vocab_size(vocab_size)
        self.held_out = well_formed(held_out)
        if not self.held_out:
            raise ValueError("there is too little text: nothing is left to measure on")
        self.title, self.vocab_size, self.size = title, vocab_size, size
        self.state, self.message, self.read, self.seconds = "waiting", "", 0, 0.0
        self.merges: list[Merge] = []
        self.curve: list[tuple[int, float]] = []
        self._texts, self._stop = texts, threading.Event()
        self._begun = self._woke = 0.0

    def start(self) -> None:
        """Begin. The thread ends with the program."""
        threading.Thread(target=self.run, name="tokenizer training", daemon=True).start()

    def stop(self) -> None:
        """Ask the thread to end; within a moment `state` is "stopped"."""
        self._stop.set()

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def progress(self) -> float:
        """From 0 to 1: the first fifth is counting (where the size is known), the rest merging."""
        if self.ended:
            return 1.0
        if self.state == "merging":
            return 0.2 + 0.8 * len(self.merges) / max(self.vocab_size - 256, 1)
        return 0.2 * min(self.read / self.size, 1.0) if self.size else 0.0

    def tokenizer(self, name: str) -> Tokenizer:
        """What has been learned so far, as a tokenizer."""
        return Tokenizer.from_bpe(Bpe.from_merges(list(self.merges)), name)

    def run(self) -> None:
        """Learn, in the thread that calls; `start` has another do it."""
        self._begun = self._woke = time.perf_counter()
        try:
            self._learn()
            ending = "finished"
        except _Stopped:
            ending = "stopped"
        except Exception as error:  # whatever it was, the visitor must not wait for ever
            ending, self.message = "failed", str(error)
        if self.curve and self.curve[-1][0] < 256 + len(self.merges):
            self._measure()
        self.seconds = time.perf_counter() - self._begun
        self.state = ending  # the last thing that changes

    def _learn(self) -> None:
        self.state = "counting"
        chunks = count_chunks(self._portions())
        self._texts = ()
        self._measure()
        self.state = "merging"
        for merge in iterate_merges(chunks, self.vocab_size):
            self.merges.append(merge)
            if 256 + len(self.merges) >= GROWTH * self.curve[-1][0]:
                self._measure()
            self._rest()

    def _portions(self) -> Iterator[str]:
        for text in self._texts:
            for portion in portions(text):
                yield portion
                self.read += len(portion)
                self._rest()

    def _measure(self) -> None:
        """One more point of the curve."""
        ids = self.tokenizer("so far").encode(self.held_out)
        self.curve.append((256 + len(self.merges), len(self.held_out.encode("utf-8")) / len(ids)))

    def _rest(self) -> None:
        """After a slice of work, sleep as long as it took, that other threads may run; raise when asked to stop."""
        if self._stop.is_set():
            raise _Stopped
        worked = time.perf_counter() - self._woke
        if worked > SLICE:
            time.sleep(worked)
            self._woke = time.perf_counter()
            self.seconds = self._woke - self._begun
