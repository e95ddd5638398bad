// @ts-check
// A strip of token chips: hover shows, click or arrow keys pin, click again or Escape unpins.

import { unpack } from "../shared/bytes.js";
import { announceHover, announcePin, listenHover, listenPin, settlePin } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { percent } from "../shared/numbers.js";
import { paced } from "../shared/pace.js";
import { serverAt } from "../shared/server.js";
import { applyTheme, inkOn, mix, onThemeChange } from "../shared/theme.js";

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const strip = once(root, () => build(root));
  strip.send = (position) => setTriggerValue("pin", { position });
  const { header } = unpack(data);
  strip.show(header);
  return strip.stop;
}

function build(root) {
  const list = root.querySelector(".strip");
  const tip = root.querySelector(".tip");
  const legend = root.querySelector(".legend");
  const self = { cursor: null, focus: 0, header: null, send: () => {} };
  const chips = () => list.children;
  const describe = (chip, i) => {
    const said = numbers(i).map(([name, text]) => `, ${name} ${text}`).join("");
    return `position ${i}, ${chip.said}${chip.id === null ? "" : `, id ${chip.id}`}${said}`;
  };
  // What is known of a token: the value that colours it, and its probability where that is something else.
  const numbers = (i) => {
    const { values, value_label, probabilities } = self.header;
    const known = [[value_label, values?.[i], format], ["probability", probabilities?.[i], percent]];
    return known.flatMap(([name, value, write]) => (value === null || value === undefined ? [] : [[name, write(value)]]));
  };
  const format = (value) => (self.header.percent ? percent(value) : value.toFixed(2));

  function draw() {
    const theme = applyTheme(root);
    const { chips: tokens, values, low, high, role } = self.header;
    list.style.setProperty("--role", `var(--gb-${role})`);
    while (chips().length > tokens.length) list.lastChild.remove();
    while (chips().length < tokens.length) {
      const made = document.createElement("button");
      made.type = "button";
      made.append(document.createElement("span"), document.createElement("small"));
      list.appendChild(made);
    }
    tokens.forEach((chip, i) => {
      const button = chips()[i];
      button.className = chip.special ? "chip special" : "chip";
      button.firstChild.textContent = chip.label;
      button.lastChild.textContent = self.header.ids && chip.id !== null ? chip.id : "";
      button.setAttribute("aria-label", describe(chip, i));
      button.dataset.position = i;
      const value = values?.[i];
      const known = value !== null && value !== undefined;
      const colour = known ? mix(theme.sequential, 0.06 + 0.8 * ((value - low) / (high - low || 1))) : null;
      button.style.background = known ? `rgb(${colour})` : "";
      button.style.color = known ? inkOn(colour) : "";
    });
    legend.hidden = !values;
    if (values) {
      legend.querySelector(".bar").style.background = `linear-gradient(90deg, ${[0.06, 0.3, 0.58, 0.86]
        .map((t) => `rgb(${mix(theme.sequential, t)})`)
        .join(",")})`;
      legend.querySelector(".low").textContent = format(low);
      legend.querySelector(".high").textContent = format(high);
      legend.querySelector(".name").textContent = self.header.value_label;
    }
    const note = root.querySelector(".note");
    note.hidden = !self.header.note;
    note.textContent = self.header.note || "";
    mark();
  }

  function mark() {
    self.focus = Math.min(self.cursor ?? self.focus, Math.max(chips().length - 1, 0));
    [...chips()].forEach((button, i) => {
      button.setAttribute("aria-pressed", i === self.cursor);
      button.tabIndex = i === self.focus ? 0 : -1;
    });
  }

  const send = paced((position) => self.send(position));
  function pin(position) {
    self.cursor = position;
    mark();
    if (self.header.shared) announcePin(position);
    if (self.header.told) send(position);
  }

  function preview(position) {
    const chip = position === null ? null : self.header.chips[position];
    [...chips()].forEach((button, i) => button.classList.toggle("lit", i === position));
    tip.hidden = !chip;
    if (!chip) return;
    const rows = [
      ["position", position],
      ["token", chip.label],
      ...(chip.id === null ? [] : [["id", chip.id]]),
      ...(chip.hex ? [["bytes", chip.hex]] : []),
      ...numbers(position),
      ...(chip.note ? [["", chip.note]] : []),
    ];
    tip.replaceChildren(
      ...rows.flatMap(([name, text]) => {
        const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
        dt.textContent = name;
        dd.textContent = text;
        return [dt, dd];
      }),
    );
    const [chipBox, box] = [chips()[position].getBoundingClientRect(), list.getBoundingClientRect()];
    tip.style.left = `${Math.max(0, Math.min(chipBox.left - box.left, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${chipBox.bottom - root.querySelector(".frame").getBoundingClientRect().top + 6}px`;
  }

  // Asks the server's route for the strip up to a token: its answer is there sooner than a fragment would be drawn.
  const ask = paced(async (position) => {
    const { url, ids } = self.header.source;
    const question = (self.asked = {});
    const read = ids.slice(0, (position ?? ids.length - 1) + 1);
    const answer = await fetch(new URL(url + read, serverAt())).catch(() => null);
    const found = answer?.ok ? await answer.json() : { note: "The server did not answer. Pin the token again." };
    if (question !== self.asked) return; // another one was pinned since
    Object.assign(self.header, { note: "" }, found);
    draw();
  });

  const positionOf = (event) => {
    const button = event.target.closest?.("button");
    return button ? Number(button.dataset.position) : null;
  };
  list.addEventListener("pointerover", (event) => announceHover(positionOf(event)));
  list.addEventListener("pointerleave", () => announceHover(null));
  list.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && preview(positionOf(event)));
  list.addEventListener("focusout", () => preview(null));
  list.addEventListener("click", (event) => {
    const position = positionOf(event);
    if (position !== null) pin(position === self.cursor ? null : position);
  });
  list.addEventListener("keydown", (event) => {
    const last = chips().length - 1;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      preview(null);
      if (self.cursor !== null) pin(null);
    } else if (step || event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const from = positionOf(event) ?? self.focus;
      const to = event.key === "Home" ? 0 : event.key === "End" ? last : Math.min(Math.max(from + step, 0), last);
      pin(to);
      chips()[to]?.focus();
    }
  });
  // Every strip hears every hover, its own included; only strips of the same text light up.
  const hush = listenHover((position) => {
    if (!self.header?.shared) return preview(list.matches(":hover") ? position : null);
    preview(position !== null && position < chips().length ? position : null);
    if (!list.matches(":hover")) tip.hidden = true;
  });
  const unfollow = listenPin((position) => self.header?.source && ask(position));
  const unwatch = onThemeChange(root, () => self.header && draw());
  self.show = (header) => {
    const known = self.asked && header.turn === self.turn && header.source.url === self.header.source.url;
    if (known) return draw(); // called again with what it was given before: what was asked for since is newer
    self.asked = null;
    self.header = header;
    settlePin(self, header);
    list.setAttribute("aria-label", header.title);
    draw();
  };
  self.destroy = () => {
    send.cancel();
    ask.cancel();
    hush();
    unfollow();
    unwatch();
  };
  return self;
}
