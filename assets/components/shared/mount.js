// @ts-check
// A component's place on the page, and how long it lives there.

export function hostOf(root) {
  return root.host || root;
}

// Keeps one object per mounted component. Streamlit cleans up and calls the default function again on each change, on a busy
// machine some time later: what `start` returned is torn down only when its element has left the page.
export function once(root, start) {
  const host = hostOf(root);
  if (!host.glassbox) host.glassbox = Object.assign(start(), { calls: 0 });
  const kept = host.glassbox;
  const call = ++kept.calls;
  const leave = () =>
    setTimeout(() => {
      if (kept.calls !== call) return;
      if (host.isConnected) return leave();
      kept.destroy?.();
      delete host.glassbox;
    }, 50);
  kept.stop = () => void leave();
  return kept;
}
