"""Files in any of Unicode's encodings, with and without their mark; and what is none of them is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.files import NUL, decode_file
from core.text.languages import SENTENCES

WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
NAMES = {"utf-16-le": "UTF-16, with the low", "utf-16-be": "UTF-16, with the high", "utf-32-le": "UTF-32, with the low",
         "utf-32-be": "UTF-32, with the high"}  # fmt: skip


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("language", SENTENCES)
def test_ten_languages_without_a_mark(language, encoding):
    for text in (SENTENCES[language], (SENTENCES[language] + "\r\n") * 3000):
        got, note = decode_file(text.encode(encoding))
        assert got == text and note == f"The file was read as {NAMES[encoding]} byte first. "


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", *WIDE])
@pytest.mark.parametrize("text", ["", "a", "naïve 👍 你", *SENTENCES.values()])
def test_a_mark_decides(encoding, text):
    mark = "" if encoding in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff"
    assert decode_file((mark + text).encode(encoding)) == (text, "")


@given(st.text(st.characters(exclude_characters="\x00\ufeff")))
def test_utf_8_is_never_taken_for_anything_else(text):
    assert decode_file(text.encode()) == (text, "")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_and_what_is_wrong_is_said(data):
    text, note = decode_file(data)
    assert ("\x00" in text) == (NUL in note)
    if "read as" not in note and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff")):
        assert text == data.decode("utf-8", "replace")
        assert ("this is not UTF-8" in note) == (text.count("\ufffd") > data.count("\ufffd".encode()))


@pytest.mark.parametrize("data", [b"MZ\x90\x00\x03\x00\x00\x00" * 40, b"\x00" * 64, bytes(range(256)) * 8, b"a\x00b"])
def test_a_file_that_is_no_text_is_said_to_have_nuls(data):
    assert NUL in decode_file(data)[1]


def test_eight_bit_letters_are_said_to_be_no_utf_8():
    text, note = decode_file("Grüße aus Köln".encode("latin-1"))
    assert (
        text.count("\ufffd") == 3 and note == "In 3 places bytes that spell no character became �: this is not UTF-8. "
    )
