"""What every component shares, in Chromium: assets/components/shared."""

import base64

import pytest

from tests.modules import ADDRESS, with_modules
from tests.serving import ROOT

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


# Draws a text at once, and each of its characters by itself where it stands.
DRAWN = """async ([family, url, text]) => {
  document.fonts.add(await new FontFace(family, `url(${url})`).load());
  const draw = (write) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 60 });
    const pen = canvas.getContext("2d");
    pen.font = `32px "${family}"`;
    pen.fontKerning = "none";
    write(pen);
    return canvas.toDataURL();
  };
  const width = (pen, length) => pen.measureText([...text].slice(0, length).join("")).width;
  const together = draw((pen) => pen.fillText(text, 10, 40));
  const apart = draw((pen) => [...text].forEach((c, i) => pen.fillText(c, 10 + width(pen, i), 40)));
  const other = draw((pen) => pen.fillText(text.replace("|", "x"), 10, 40));
  return [together === apart, together === other];
}"""


@pytest.mark.parametrize("font", ["inter", "jetbrains-mono"])
def test_signs_beside_one_another_keep_their_look(chromium, font):
    page = chromium("about:blank").new_page()
    with_modules(page)
    data = base64.b64encode((ROOT / "assets" / "fonts" / f"{font}.woff2").read_bytes()).decode()
    for text in ("<|end|>", "-> => <= != |> ||"):
        address = f"data:font/woff2;base64,{data}"
        assert page.evaluate(DRAWN, [f"tested {font}", address, text]) == [True, False]
    page.close()


def test_a_module_that_did_not_come_is_asked_for_again(chromium, server):
    page = chromium(server).new_page()
    asked = []

    def answer(route):
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/tokens/tokens.js*", answer)
    page.goto(server)
    page.locator(".chip").first.wait_for()
    assert len(asked) == 2
    page.close()
