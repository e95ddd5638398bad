"""What every component shares, in Chromium: assets/components/shared."""

from tests.modules import ADDRESS, with_modules

ONCE = """async (address) => {
  const { once } = await import(address);
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


def test_a_component_lives_until_it_leaves_the_page(chromium):
    page = chromium("about:blank").new_page()
    with_modules(page)
    assert page.evaluate(ONCE, f"{ADDRESS}shared/mount.js") == {"kept": True, "destroyed": 1}
    page.close()
