"""The training page in a browser: curves that grow by themselves, one cursor, axes without the server."""

import json
from pathlib import Path

import pytest

from core.training import TrainConfig
from core.training.runs import take_lock
from tests.browser.test_shell import resting_box

RUN = "run-20260101-0123456789ab"


@pytest.fixture
def run(server, tmp_path_factory):
    """A run of the server's that seems to go on: this process holds its lock, and writes its rows."""
    root = next(path.parent for path in tmp_path_factory.getbasetemp().glob("runs*/server.log"))
    folder: Path = root / RUN
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps(TrainConfig(steps=100, snapshots=2).to_dict()))
    lock = take_lock(folder)
    yield folder
    lock.close()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def write(folder: Path, *rows: dict) -> None:
    with (folder / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def row(step: int, loss: float, **more) -> dict:
    return {"step": step, "tokens": 10 * step, "seconds": float(step), "loss": loss, "lr": 0.01, **more}


def states(page, words: str):
    return page.locator(".gb-states", has_text=words).wait_for()


def test_curves_grow_while_controls_stay_and_the_server_rests(page, run):
    write(run, row(0, 5.0, val_loss=5.0, sample="first <b>words</b>"))
    page.goto(f"/training?run={RUN}")
    states(page, "step 0")
    page.get_by_label("Steps at most").fill("123")  # half-typed: a rerun would take it or lose it
    sent = []
    page.on("websocket", lambda socket: sent.append("a new connection"))
    page.evaluate("document.querySelector('.gb-main').dataset.same = 'yes'")
    write(run, row(10, 4.0), row(20, 3.0, val_loss=3.1, sample="later words"))
    states(page, "step 20")
    page.locator(".gb-sample pre", has_text="later words").wait_for()
    assert page.get_by_label("Steps at most").input_value() == "123"
    assert page.locator(".gb-main[data-same=yes]").count() == 1 and not sent
    write(run, {"step": 20, "event": "baselines", "baselines": {"uniform": 5.5, "bigram": 3.5}}, row(30, 2.0))
    states(page, "better than the bigram since step 20")


def test_one_cursor_and_axes_of_the_browser(page, run):
    write(run, *[row(n, 5 - n / 20, val_loss=5 - n / 20, sample=f"words of {n}") for n in range(0, 60, 10)])
    page.goto(f"/training?run={RUN}")
    page.locator(".gb-sample pre", has_text="words of 50").wait_for()
    curve = page.locator(".gb-main")
    curve.focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".gb-sample pre", has_text="words of 40").wait_for()
    assert "held out 3.000" in curve.get_attribute("aria-valuetext")
    page.get_by_role("group", name="Axes of the curves").get_by_role("button", name="tokens").click()
    plot = "document.querySelector('.gb-main .gb-plotted')._fullLayout"
    page.wait_for_function(f"() => {plot}.xaxis.title.text === 'tokens read'")
    page.locator("fieldset", has_text="Across is").get_by_role("button", name="linear").click()
    page.wait_for_function(f"() => {plot}.xaxis.type === 'linear'")
    box = resting_box(curve)
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.locator(".gb-sample pre", has_text="words of 0").wait_for()


def test_a_click_moves_every_page_to_the_nearest_kept_step(page, server, tmp_path_factory):
    root = next(path.parent for path in tmp_path_factory.getbasetemp().glob("runs*/server.log"))
    write(root / "tiny", *[row(n, 5 - n / 50, val_loss=5 - n / 50) for n in range(0, 201, 10)])
    try:
        page.goto("/training")
        states(page, "step 200")
        page.wait_for_function("() => document.querySelector('.gb-main .gb-plotted')._fullLayout")
        box = resting_box(page.locator(".gb-main"))
        page.mouse.click(box["x"] + 60, box["y"] + box["height"] / 2)
        page.wait_for_function("() => /step 0, reading/.test(document.body.innerText)")
        page.get_by_role("link", name="Attention").click()
        page.get_by_role("heading", name="Which earlier words").wait_for()
        value = page.get_by_test_id("stSidebar").get_by_test_id("stSliderThumbValue")
        value.wait_for()
        assert value.inner_text() == "0"
    finally:
        (root / "tiny" / "metrics.jsonl").unlink()
