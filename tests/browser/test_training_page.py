"""The training page in a browser: curves that grow by themselves, one cursor, axes without the server."""

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.runs.records import Record, fingerprint, write_record
from core.training import TrainConfig
from core.training.disk.folder import take_lock
from tests.browser.resting import resting, resting_box, see
from tests.browser.test_shell import EXCEPTION
from tests.tiny import make_checkpoint

pytestmark = pytest.mark.thorough
RUN = "run-20260101-0123456789ab"
PARENT = "run-20260103-0123456789cd"
KEY = "k" * 43


@pytest.fixture
def run(server, server_runs):
    """A run of the server's that seems to go on: this process holds its lock, and writes its rows."""
    folder: Path = server_runs / RUN
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
    return {"step": step, "tokens": 10 * step, "seconds": float(step), "loss_per_token": loss, "lr": 0.01, **more}


def states(page, words: str):
    return page.locator(".gb-states", has_text=words).wait_for()


def test_curves_grow_while_controls_stay_and_the_server_rests(run, page):
    write(run, row(0, 5.0, val_loss=5.0, sample="first <b>words</b>"))
    page.goto(f"/training?run={RUN}")
    states(page, "step 0")
    resting(page)
    page.get_by_label("Steps at most").fill("123")  # half-typed: a rerun would take it or lose it
    sent = []
    page.on("websocket", lambda socket: sent.append("a new connection"))
    page.evaluate("document.querySelector('.gb-main').dataset.same = 'yes'")
    write(run, row(10, 4.0), row(20, 3.0, val_loss=3.1, sample="later words"))
    states(page, "step 20")
    page.locator(".gb-sample pre", has_text="later words").wait_for()
    assert page.get_by_label("Steps at most").input_value() == "123"
    assert page.locator(".gb-main[data-same=yes]").count() == 1 and not sent
    write(run, {"step": 20, "event": "baselines", "baselines_per_token": {"uniform": 5.5, "bigram": 3.5}}, row(30, 2.0))
    states(page, "better than the bigram since step 20")


def test_one_cursor_and_axes_of_the_browser(run, page):
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
    page.locator("fieldset", has_text="Horizontal axis").get_by_role("button", name="linear").click()
    page.wait_for_function(f"() => {plot}.xaxis.type === 'linear'")
    box = resting_box(curve)
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.locator(".gb-sample pre", has_text="words of 0").wait_for()


def test_a_click_moves_every_page_to_the_nearest_kept_step(page, server_runs):
    write(server_runs / "tiny", *[row(n, 5 - n / 50, val_loss=5 - n / 50) for n in range(0, 201, 10)])
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
        (server_runs / "tiny" / "metrics.jsonl").unlink()


@pytest.fixture
def pair(server, server_runs):
    """pair(record, record): two finished runs with their weights; returns their ids. The second has 1 nat more."""
    ids = PARENT, "run-20260104-0123456789ef"

    def make(*records: Record) -> tuple[str, str]:
        for i, (run_id, record) in enumerate(zip(ids, records, strict=True)):
            folder = server_runs / run_id
            make_checkpoint(folder)
            (folder / "train.json").write_text(json.dumps(TrainConfig(steps=200).to_dict()))
            write(folder, *[row(n, 5 - n / 90 + i, val_loss=4 - n / 90 + i) for n in (0, 10, 100, 190, 200)])
            write(folder, {"step": 200, "status": "finished", "message": f"no improvement, said run {i}"})
            write_record(folder, record)
        return ids

    yield make
    for run_id in ids:
        shutil.rmtree(server_runs / run_id)


def test_a_fork_and_its_parent_share_a_cursor(pair, page):
    parent = {"run": PARENT, "step": 10, "changes": {"muon_lr": 0.2}}
    _, fork = pair(Record(), Record(parent=parent))
    page.goto(f"/training?run={fork}")
    see(page, "fork")
    first, second = (page.locator(".gb-curves", has_text=name).last for name in ("the parent", "the fork"))
    first.get_by_text("no improvement, said run 0").wait_for()
    main = first.locator(".gb-main")
    main.focus()
    main.press("ArrowLeft")
    for curves, loss in ((first, "2.889"), (second, "3.889")):
        curves.locator(".gb-read", has_text=f"step 190training {loss}").wait_for()
    for _ in range(2):
        main.press("ArrowLeft")
    second.locator(".gb-read", has_text="step 10training 5.889").wait_for()
    page.get_by_text("Where it looked at step 10, reading your text").nth(1).wait_for()  # of both, from Python
    main.press("Enter")  # every page shows it
    page.get_by_test_id("stSidebar").get_by_test_id("stSliderThumbValue").get_by_text("10", exact=True).wait_for()
    assert page.locator(EXCEPTION).count() == 0


def test_a_renamed_run_is_renamed_everywhere_at_once(pair, page):
    ids = pair(*(Record(fingerprint(KEY), name, created=i) for i, name in enumerate(("of old", "another"))))
    page.add_init_script(f"localStorage.setItem('glassbox:owner', '{KEY}')")
    page.goto(f"/training?v=1&run={ids[0]}&model={ids[0]}")
    model = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Model")
    expect(model).to_have_value("of old")
    see(page, "runs")
    table = page.locator(".st-key-section-runs .dvn-scroller")
    tick(table, 1)  # the newest stands first
    name = page.get_by_label("Name", exact=True)
    expect(name).to_have_value("of old")
    name.fill("by its new name")
    name.press("Enter")
    expect(model).to_have_value("by its new name")
    expect(page.get_by_role("combobox", name="Run on show")).to_have_value("by its new name")
    expect(page.locator(".gb-curves").first).to_contain_text("by its new name")
    see(page, "runs")
    tick(table, 0)
    expect(page.get_by_role("heading", name="What differs in their settings")).to_be_visible()
    expect(page.locator(".gb-curves").first).to_contain_text("another")
    expect(page.locator(".gb-curves").first).to_contain_text("by its new name")
    expect(page.get_by_text("of old")).to_have_count(0)
    expect(model).to_have_value("by its new name")  # what the browser has sent since was understood


def test_the_run_on_show_follows_the_model_of_the_sidebar(pair, page):
    pair(Record(name="one"), Record(name="other"))
    page.goto("/training?v=1&model=tiny")
    show = page.get_by_role("combobox", name="Run on show")
    expect(show).to_have_value("tiny (the model in the sidebar)")
    page.get_by_test_id("stSidebar").get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="other").click()
    expect(show).to_have_value("other (the model in the sidebar)")
    page.get_by_role("button", name="Reset").click()  # the browser tells all that it shows
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(show).to_have_value("other (the model in the sidebar)")
    expect(page.get_by_text("not on this machine")).to_have_count(0)


def tick(table, row: int) -> None:
    """Ticks a row of a table, which is a canvas: 35 pixels for each row, and for the names of its columns."""
    table.click(position={"x": 18, "y": 35 * (row + 1) + 17})


def test_the_pointer_means_the_nearer_of_two_curves(pair, page):
    ids = pair(*(Record(fingerprint(KEY), name) for name in ("case A, its sound twin", "case A")))
    page.add_init_script(f"localStorage.setItem('glassbox:owner', '{KEY}')")
    page.goto("/training")
    see(page, "broken")
    curves = page.locator(".gb-curves", has_text="its sound twin").last
    curves.get_by_text("no improvement, said run 1").wait_for()
    node = curves.locator(".gb-main .gb-plotted")
    for run in (1, 0):
        x, y = node.evaluate(
            """(node, name) => {
                const trace = node.data.find((one) => one.name.startsWith(name + ", held"));
                const { xaxis, yaxis } = node._fullLayout;
                return [xaxis._offset + xaxis.d2p(trace.x[2]), yaxis._offset + yaxis.d2p(trace.y[2])];
            }""",
            ("its sound twin", "case A")[run],
        )
        box = resting_box(curves.locator(".gb-main"))
        page.mouse.move(box["x"] + x, box["y"] + y + 2)
        curves.locator(".gb-chosen", has_text=f"step 100training {3.889 + run:.3f}").wait_for()
    box = resting_box(curves.locator(".gb-main"))
    page.mouse.click(box["x"] + x, box["y"] + y + 2)
    page.wait_for_url(f"**model={ids[0]}*")


def test_what_was_filled_into_the_form_outlives_a_reload_and_can_be_cleared(page):
    page.goto("/training")
    see(page, "train")
    steps = page.get_by_label("Steps at most")
    steps.fill("123")
    steps.press("Enter")
    kept = "JSON.parse(sessionStorage.getItem('glassbox:form:training') || '{}').setup_train_steps"
    page.wait_for_function(f"{kept} === 123")
    page.reload()
    see(page, "train")
    expect(steps).to_have_value("123")
    steps.fill("2000")
    steps.press("Enter")
    page.wait_for_function(f"{kept} === undefined")
    page.reload()
    see(page, "train")
    resting(page)
    expect(steps).to_have_value("2000")
