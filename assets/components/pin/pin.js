// @ts-check
// Tells the server of a token pinned elsewhere on the page, so that only the fragment this stands in is computed again.

import { listenPin } from "../shared/events.js";
import { once } from "../shared/mount.js";
import { paced } from "../shared/pace.js";

export default function (component) {
  const { parentElement: root, setTriggerValue } = component;
  const ear = once(root, () => {
    const self = {};
    const send = paced((position) => self.send(position));
    const hush = listenPin(send);
    self.destroy = () => {
      send.cancel();
      hush();
    };
    return self;
  });
  ear.send = (position) => setTriggerValue("pin", { position });
  return ear.stop;
}
