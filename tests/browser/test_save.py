"""A figure taken home: pictures as they are drawn, and the numbers as a table that a spreadsheet reads."""

import csv
import io


def saved(page, frame, way: str) -> bytes:
    with page.expect_download() as download:
        frame.get_by_role("button", name=way).click()
    return download.value.path().read_bytes()


def test_a_figure_is_saved_as_picture_and_as_numbers(page, server):
    page.goto(f"{server}/?text=%3D1%2B1+ball")
    frame = page.locator(".gb-plot-frame").first
    frame.locator(".main-svg").first.wait_for()
    frame.locator("summary").focus()
    page.keyboard.press("Enter")
    assert saved(page, frame, "PNG").startswith(b"\x89PNG")
    assert b"<svg" in saved(page, frame, "SVG")[:300]
    rows = list(csv.reader(io.StringIO(saved(page, frame, "CSV").decode("utf-8-sig"))))
    assert rows[0] == ["series", "x", "y", "value"]
    drawn = frame.locator(".gb-plot").evaluate("(node) => node._fullData[0].z.map((row) => [...row])")
    assert [float(row[3]) for row in rows[1:]] == [value for row in drawn for value in row]
    assert not any(text.startswith(("=", "+", "@")) for row in rows for text in row), "no word becomes a formula"
