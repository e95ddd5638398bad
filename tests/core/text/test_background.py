"""Training in a thread learns what `train_bpe` learns, can be stopped, and its curve is measured."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import train_bpe
from core.text.background import ENDED, Training, hold_out, portions
from core.text.bpe import Merge, split
from tests.core.text.test_bpe import MULTILINGUAL

HELD_OUT = "the hugs of pugs, naïve 你好 " * 5


def finish(training: Training) -> None:
    while training.state not in ENDED:
        time.sleep(0.005)


def test_it_learns_what_train_bpe_learns() -> None:
    training = Training("many", iter(MULTILINGUAL), HELD_OUT, 340)
    training.start()
    finish(training)
    expected = train_bpe(MULTILINGUAL, 340)
    assert (training.state, training.message, training.progress) == ("finished", "", 1.0)
    assert tuple(training.merges) == expected.merges
    assert training.tokenizer("mine").ranks == expected.ranks
    assert training.read == sum(map(len, MULTILINGUAL))


def test_the_curve_is_measured_on_the_held_out_text() -> None:
    training = Training("many", MULTILINGUAL, HELD_OUT, 340)
    training.start()
    finish(training)
    assert training.curve[0] == (256, 1.0) and training.curve[-1][0] == 340
    for size, bytes_per_token in training.curve:
        bpe = train_bpe(MULTILINGUAL, size)
        chunks = split(HELD_OUT)
        tokens = sum(len(replayed(bpe.ranks, chunk)) for chunk in chunks)
        assert bytes_per_token == pytest.approx(len(HELD_OUT.encode()) / tokens)


def replayed(ranks: dict[bytes, int], chunk: str) -> list[bytes]:
    from core.text.bpe import replay

    return replay(ranks, chunk.encode())[-1]


def test_stopped_at_any_time_it_is_a_smaller_training() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "hug hug hugs pug " * 50

    counting = Training("endless", endless(), HELD_OUT, 300)
    counting.start()
    while counting.read < 1000:
        time.sleep(0.005)
    assert counting.state == "counting"
    counting.stop()
    finish(counting)
    assert (counting.state, counting.merges) == ("stopped", [])
    assert counting.tokenizer("bytes").encode("hug") == [104, 117, 103]

    class StopsAtFive(list[Merge]):
        def append(self, merge: Merge) -> None:
            super().append(merge)
            if len(self) == 5:
                merging.stop()

    merging = Training("long", ["".join(chr(97 + i * i % 26) for i in range(4000))] * 20, HELD_OUT, 2000)
    merging.merges = StopsAtFive()
    merging.run()
    assert merging.state == "stopped" and len(merging.merges) == 5
    assert merging.curve[-1][0] == 256 + len(merging.merges)


def test_a_failure_is_said() -> None:
    def broken() -> Iterator[str]:
        yield "a b"
        raise OSError("the disk is gone")

    training = Training("broken", broken(), HELD_OUT, 300)
    training.start()
    finish(training)
    assert (training.state, training.message) == ("failed", "the disk is gone")


def test_impossible_trainings_are_refused() -> None:
    with pytest.raises(ValueError, match="between 256"):
        Training("small", ["a"], HELD_OUT, 255)
    with pytest.raises(ValueError, match="too little text"):
        Training("empty", ["a"], "", 300)


SPACED = st.text(" \n\r\t'ab1é.,你\u00a0", max_size=80)


@given(SPACED | st.text(st.characters(exclude_categories=("Cs",)), max_size=60), st.integers(1, 10))
def test_portions_have_the_chunks_of_the_text(text: str, size: int) -> None:
    parts = list(portions(text, size))
    assert "".join(parts) == text
    assert [chunk for part in parts for chunk in split(part)] == split(text)
    assert Counter(map(bool, parts))[False] == 0


@given(SPACED)
def test_what_is_held_out_is_the_end(text: str) -> None:
    kept, end = hold_out(text)
    assert kept + end == text
    if end and len(end) < len(text) // 10:  # else no place between two words came after it
        assert split(kept) + split(end) == split(text)
    assert len(end) <= len(text) // 10
