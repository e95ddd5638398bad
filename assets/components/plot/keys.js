// @ts-check
// A figure by keyboard: the arrows go to the next point in their direction, Enter clicks it, Escape leaves.

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Every point of a drawn figure that can be pointed at: where it is in pixels, and in which subplot.
function pointsOf(node) {
  return node._fullData.flatMap((trace, curve) => {
    if (trace.visible !== true || trace.hoverinfo === "skip" || !trace.xaxis) return [];
    const [xaxis, yaxis] = ["x", "y"].map((name) => node._fullLayout[trace[`${name}axis`].replace(name, `${name}axis`)]);
    const every = (length, point) => Array.from({ length }, (_, i) => point(i)).flat();
    const at = ([x, y]) => {
      const place = [xaxis._offset + x, yaxis._offset + y];
      return place.every(Number.isFinite) ? [{ place, subplot: trace.xaxis + trace.yaxis }] : [];
    };
    const point = (x, y) => at([xaxis.d2p(x), yaxis.d2p(y)]);
    const bar = ({ x, y }) => at(trace.orientation === "h" ? [xaxis.c2p(x / 2), yaxis.c2p(y)] : [xaxis.c2p(x), yaxis.c2p(y / 2)]); // its middle
    const cell = (row, column) => (Number.isFinite(trace.z[row][column]) ? point(trace.x?.[column] ?? column, trace.y?.[row] ?? row) : []);
    if (trace.z) return every(trace.z.length, (row) => every(trace.z[row].length, (column) => cell(row, column)));
    if (trace.type === "bar") return every(trace._length, (i) => bar(node.calcdata[curve][i]));
    return every(trace._length ?? 0, (i) => point(trace.x?.[i] ?? i, trace.y?.[i] ?? i));
  });
}

// The point that costs the least to reach from `place` along `arrow`; the sideways way counts three times.
function nextPoint(points, place, [right, down]) {
  let [best, least] = [null, Infinity];
  for (const point of points) {
    const [x, y] = [point.place[0] - place[0], point.place[1] - place[1]];
    const along = x * right + y * down;
    const cost = along + 3 * Math.abs(x * down - y * right);
    if (along > 0.5 && cost < least) [best, least] = [point, cost];
  }
  return best;
}

// Listens on `node`; `click` is called for Enter at a point. What the label of a point says is read out by `told`.
export function followKeys(node, told, click) {
  let [place, layer] = [null, null];
  const mouse = (kind) => {
    const box = node.getBoundingClientRect();
    const [clientX, clientY] = [box.left + place[0], box.top + place[1]];
    layer?.dispatchEvent(new MouseEvent(kind, { clientX, clientY, bubbles: true })); // as plotly hears of the pointer
  };
  const leave = () => {
    if (place) mouse("mouseout");
    place = null;
  };
  node.tabIndex = 0;
  node.addEventListener("blur", leave);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && place) leave();
    else if (event.key === "Enter" && place) click();
    else if (event.key in ARROWS && node._fullData) {
      const points = pointsOf(node);
      const point = place ? nextPoint(points, place, ARROWS[event.key]) : points.toSorted((a, b) => a.place[0] + a.place[1] - b.place[0] - b.place[1])[0];
      if (point) {
        place = point.place;
        layer = node.querySelector(`.nsewdrag[data-subplot="${point.subplot}"]`);
        mouse("mousemove");
      }
    } else return;
    event.preventDefault();
  });
  const lines = () => [...node.querySelectorAll(".hoverlayer text")].flatMap((text) => (text.children.length ? [...text.children] : [text]));
  const read = () => (told.textContent = lines().map((line) => line.textContent).join(", "));
  node.on("plotly_hover", () => place && requestAnimationFrame(read)); // the label comes after the event
}
