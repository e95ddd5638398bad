// A button that copies the address of this page with the state that Python wrote as a query.
export default function (component) {
  const { data, parentElement: root } = component;
  const link = once(root, () => build(root));
  link.query = unpack(data).header.query;
  applyTheme(root);
  return link.stop;
}

function build(root) {
  const button = root.querySelector("button");
  const said = root.querySelector("[role=status]");
  const shown = root.querySelector("input");
  const self = { query: "" };
  button.addEventListener("click", async () => {
    const url = `${location.origin}${location.pathname}?${self.query}`;
    shown.value = url;
    const copied = await navigator.clipboard?.writeText(url).then(() => true, () => false);
    said.textContent = copied ? "Copied." : "Copy this address:";
    shown.hidden = Boolean(copied);
    if (!copied) shown.select();
    clearTimeout(self.timer);
    if (copied) self.timer = setTimeout(() => (said.textContent = ""), 2500);
  });
  const unwatch = onThemeChange(root, () => applyTheme(root));
  self.destroy = () => {
    clearTimeout(self.timer);
    unwatch();
  };
  return self;
}
