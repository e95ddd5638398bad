"""What every component shares, in Chromium: assets/components/shared.js."""

from pages.ui.components import FOLDER

ONCE = """async () => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const root = document.body.appendChild(document.createElement("div"));
  const made = [];
  const start = () => (made.push({ destroyed: 0, destroy() { this.destroyed++ } }), made.at(-1));
  const first = once(root, start);
  first.stop();
  await wait(300);  // Streamlit calls again late
  const second = once(root, start);
  const kept = first === second && made.length === 1 && made[0].destroyed === 0;
  root.remove();
  second.stop();
  await wait(300);
  return { kept, destroyed: made[0].destroyed };
}"""


def test_a_component_lives_until_it_leaves_the_page(page):
    page.goto("about:blank")
    page.add_script_tag(content=(FOLDER / "shared.js").read_text())
    assert page.evaluate(ONCE) == {"kept": True, "destroyed": 1}
