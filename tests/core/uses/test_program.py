"""The evaluator of Tinyland's language against Python's own, on programs of every shape; and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.text import tinyland
from core.uses.program import DEEPEST, LARGEST, LONGEST, MOST, Program, ProgramError, read, run

numbers = some.integers(0, 99).map(str)
expressions = some.recursive(
    numbers | some.just("n"),
    lambda inner: some.one_of(
        some.tuples(inner, some.sampled_from([" + ", "-", "*", " * "]), inner).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
    ),
    max_leaves=12,
)


def program(expression: str, *calls: str) -> str:
    return f"def f(n):\n    return {expression}\n" + "".join(f">>> {call}\n" for call in calls)


@pytest.mark.slow
@given(expressions, some.integers(-50, 50))
def test_it_computes_what_python_does(expression, argument):
    found = read(program(expression, f"f({argument})"))
    expected = eval(expression, {"n": argument})
    assert [call.computed for call in found.calls] == [expected]
    result, steps = run(found.postfix, argument)
    assert result == expected and (not steps or steps[-1].result == expected)
    for step in steps:
        assert eval(str(step).replace(" = ", " == ").replace("- -", "- -")) is True


def test_it_agrees_with_every_program_of_tinyland():
    for document in tinyland.documents(7, stop=60, weights={"code": 1}):
        calls = read(document.text).calls
        assert calls and all(call.right for call in calls)
        assert [document.text[call.start : call.end] for call in calls] == [span.value for span in document.answers]


def test_a_wrong_result_and_a_missing_one_are_told_apart():
    wrong, missing = read("def f(n):\n    return n * 2\n>>> f(4)\n9\n>>> f(5)").calls
    assert (wrong.stated, wrong.computed, wrong.right) == (9, 8, False)
    assert (missing.stated, missing.computed) == (None, 10)


@given(some.text(some.sampled_from("def f(n):\n >+-*()0123456789xreturn_"), max_size=80))
def test_any_text_is_a_program_or_a_message(text):
    for tried in (text, program(text, "f(1)")):
        try:
            assert isinstance(read(tried), Program)
        except ProgramError as error:
            assert str(error) and 0 <= error.at <= LONGEST


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (program("__import__('os')"), "no part of this language"),
        (program("open(n)"), "the only name"),
        (program("n ** 2"), "cannot stand here"),
        (program("n / 2"), "no part of this language"),
        (program("k + 1"), "the only name that has a value here is “n”"),
        (program("n +"), "a value is missing"),
        (program("(n"), "a bracket is not closed"),
        (program("n)"), "never opened"),
        (program("n", "g(1)"), "no function here is called “g”"),
        (program("9" * 19), "more than 18 digits"),
        (program("(" * (DEEPEST + 1) + "n"), "too many brackets"),
        (program("n" + " + n" * MOST), f"more than {MOST}"),
        (program("*".join([str(10**17)] * 5), "f(1)"), "too large"),
        ("x" * (LONGEST + 1), "longer than"),
        ("print(1)", "begins with"),
        ("def f(n):\n  return n", "four spaces"),
    ],
)
def test_what_is_no_program_is_refused_with_a_reason(text, message):
    with pytest.raises(ProgramError, match=message.replace("(", r"\(")):
        read(text)


def test_no_number_on_the_way_grows_without_bound():
    postfix = read(program("n" + " * n" * 90)).postfix
    assert run(postfix, 2)[0] == 2**91 < LARGEST
    with pytest.raises(ProgramError, match="too large"):
        run(postfix, 10**17)
