"""A diff read one way is what was, read the other way what is."""

from hypothesis import given
from hypothesis import strategies as st

from core.data.diff import diff, mark_spans

TEXT = st.text(alphabet="ab .\né", max_size=30)


@given(TEXT, TEXT)
def test_both_texts_stand_in_it(before, after):
    found = diff(before, after)
    assert "".join(text for kind, text in found if kind != "new") == before
    assert "".join(text for kind, text in found if kind != "gone") == after
    assert all(text for _, text in found)


@given(TEXT)
def test_of_the_same_text_nothing_differs(text):
    assert {kind for kind, _ in diff(text, text)} <= {"same"}


@given(TEXT, st.lists(st.tuples(st.sampled_from(["email", "name"]), TEXT), max_size=4))
def test_marks_cut_a_text_and_change_nothing(text, spans):
    found = mark_spans(text, spans)
    assert "".join(piece for _, piece in found) == text
    assert all((kind, piece) in spans for kind, piece in found if kind != "same")


def test_marks():
    assert mark_spans("Ann, a@b.cd", [("email", "a@b.cd"), ("name", "Ann"), ("phone", "1")]) == [
        ("name", "Ann"), ("same", ", "), ("email", "a@b.cd"),
    ]  # fmt: skip
