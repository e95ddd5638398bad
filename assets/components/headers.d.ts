// What Python sends to each component (its header; the bytes that follow it are told beside it) and what comes back (its events).
// tests/pages/test_headers.py holds every header that the pages send against these. One view is sent nothing, it has everything from
// the grid of heads: attention_head (events: pins, aside).

/** Where the pin is, for components that follow it in the browser: see settlePin in shared/events.js. */
export interface Pinned {
  cursor?: number | null;
  turn?: number | null;
}

/** A token as a strip shows it: pages/ui/text.py. */
export interface Chip {
  label: string;
  id: number | null;
  hex: string;
  note: string;
  special: boolean;
  said: string;
}

/** pages/ui/components.py, `tokens`. Event: pin {position}. */
export interface TokensHeader extends Pinned {
  chips: Chip[];
  values: (number | null)[] | null;
  probabilities: (number | null)[] | null;
  value_label: string;
  percent: boolean;
  low: number;
  high: number;
  ids: boolean;
  role: string;
  title: string;
  shared: boolean;
  reports: boolean;
  also: number[];
  source: { url: string; ids: number[] } | null;
  note: string;
}

/** pages/ui/components.py, `plot`; the payload is the figure as JSON. Events: click, hover. */
export interface PlotHeader extends Pinned {
  key: string;
  height: number;
  title: string;
  hover: boolean;
  cursor_axis: "x" | "y" | null;
  modebar: boolean;
  /** Pixels: where there is less room, it scrolls sideways. */
  least_width: number;
  clickable: boolean;
}

/** pages/ui/components.py, `heads`; the payload is float32: see heads/store.js. Event: select {open, isolated, turn}. */
export interface HeadsHeader {
  layers: number;
  heads: number;
  length: number;
  labels: string[];
  cursor: number | null;
  scores: string[][] | null;
  selected: [number, number];
  title: string;
  stamp: number;
  /** Which reading of which text this is, where the page also shows what the weights were made from. */
  reading?: number;
  hint?: string;
  note?: string;
  view?: {
    open: [number, number][];
    isolated: boolean;
    pins: number[];
    aside: boolean;
    turns: Record<"open" | "pins" | "aside", number>;
  };
}

/** pages/ui/attention/stage.py. Payload: q, k, v and z of every head, (T, size) each. */
export interface AttentionStagesHeader {
  reading: number;
  size: number;
}

/** pages/ui/stages.py. `share`: how much of the slider; `step`: where the stage ended. Event: go {step}. */
export interface StagesHeader {
  parts: { name: string; title: string; step: number; share: number; current: boolean }[];
}

/** pages/ui/components.py, `copy_link`. Event: ask {question}. */
export interface CopyLinkHeader {
  query: string;
  /** the part of it that matters on this page */ link: string;
  question: string | null;
  page: string;
}

/** pages/ui/overview/stages.py: of every token, the likeliest next ones with their probability. */
export interface GuessesHeader extends Pinned {
  rows: [string, number][][];
  labels: string[];
  title: string;
}

/** pages/ui/training/owner.py. Event: kept {key}. */
export interface OwnerHeader {
  key: string;
}

/** pages/ui/kept_form.py: what differs from the defaults. Event: kept {values}. */
export interface KeptFormHeader {
  form: string;
  values: Record<string, string | number | boolean | null>;
  known: boolean; // to this session, which otherwise is handed what was kept
}

/** pages/ui/interventions.py. Events: remove {index}, clear. */
export interface InterventionsHeader {
  items: { label: string; note: string }[];
  title: string;
}

/** pages/ui/experiments/stage.py: the parts of each layer. Event: press {id}. */
export interface PartGridHeader {
  rows: { name: string; short: string; cells: PartCell[] }[];
  base: number;
  answer: string;
  limits: { head: number; mlp: number; layer: number };
  how: string;
  title: string;
  hint: string;
  name: string;
}

export interface PartCell {
  id: string;
  label: string;
  words: string;
  group: "head" | "mlp" | "layer";
  effect: number | null;
  /** the likeliest next token without this part, where that is another */ answer: string | null;
  on: boolean;
  wide: boolean;
}

/** pages/ui/inside/lens.py; the payload is float32, five tables of depth × tokens. Event: pin {position}. */
export interface LensHeader {
  title: string;
  names: string[];
  labels: string[];
  words: string[];
  tops: number[][];
  answers: string[];
  start: number;
  focus: number;
  cursor: number | null;
  by: "probability" | "rank" | "entropy" | "divergence";
  size: number;
  most: number;
  ends: [string, string];
  note: string;
}

/** pages/ui/inside/stream.py; the payload is float32, `arrays` says what lies where. Events: open {layer}, cell {name, index}, pin. */
export interface StreamHeader {
  title: string;
  labels: string[];
  names: string[];
  start: number;
  total: number;
  focus: number;
  cursor: number | null;
  layers: number;
  words: string[];
  says: number[][];
  longest: number;
  most: number;
  facts: { embed: string; attention: string; mlp: string; end: string };
  opened: number | null;
  cell: { name: string; index: number[] } | null;
  whole: string[];
  arrays: Record<string, [number, number[]]>;
  tensors?: Record<string, TensorFacts>;
  parts?: [string, string, string[][]][];
}

export interface TensorFacts {
  words: string;
  formula: string;
  inputs: string;
  reads: string[];
  terms: number;
  site: string;
  shape: string;
  code: string;
  keys: boolean;
  shares: boolean;
  least?: number;
}

/** pages/ui/embeddings/table.py; the payload is float32, tokens × width. Event: pin {position}. */
export interface StripsHeader {
  labels: string[];
  width: number;
  limit: number;
  norms: number[];
  cursor: number | null;
  title: string;
}

/** pages/ui/embeddings/map.py; the payload is float32, steps × words × dims. Events: pick {id}, step {index}. */
export interface SpaceHeader {
  kind: string;
  steps: number[];
  at: number;
  dims: 2 | 3;
  ids: number[];
  words: string[];
  groups: number[];
  names: string[];
  colours: number[];
  chosen: number | null;
  near: number[];
  mine: number[];
  scores: number[] | null;
  units: boolean;
  height: number;
  title: string;
}

/** pages/ui/embeddings/positions.py. */
export interface ClocksHeader {
  frequencies: number[];
  shares: number[];
  labels: string[];
  pinned: number | null;
  length: number;
  where: string;
}

/** pages/ui/tokenization/components.py; the payload is the text, then uint32: see pieces/pieces.js. Event: pin {position}. */
export interface PiecesHeader {
  count: number;
  size: number;
  version: number;
  title: string;
  id_name: string;
  ranks: boolean;
  gaps: boolean;
  special: Record<string, string>;
  cursor: number | null;
  offset: number;
  shared: boolean;
  hint: string;
  note: string;
}

/** pages/ui/tokenization/components.py; the payload is the text. `pieces`: [start, end, id] in bytes; id −1: none. */
export interface BoundariesHeader {
  ends: number[];
  rows: { title: string; pieces: [number, number, number][] }[];
  title: string;
}

/** pages/ui/tokenization/components.py; the payload is the chunk. `joins`: [start, width, rank, [[start, rank] that could be joined]]. */
export interface MergeTreeHeader {
  start: number;
  joins: [number, number, number, [number, number][]][];
  counts: Record<string, number>;
  spelled: string;
  title: string;
}

/** pages/ui/sampling/story.py. Event: act {by, presses, serial}. */
export interface StoryHeader {
  serial: number;
  seen: { by: number | null; number: number };
  job: number;
  left: number;
  prompt: { label: string; special: boolean }[];
  path: StoryToken[];
  ahead: StoryToken[];
  labels: Record<string, string>;
  branches: StoryBranch[];
  can: { write: boolean; back: boolean };
  status: string;
  error: string;
  verb: string;
  invitation: string;
  add: string;
}

export interface StoryToken {
  node: number;
  id: number;
  origin: "drawn" | "chosen" | "typed";
  u: number | null;
  rank: number;
  raw: number;
  after: number;
  surprise: number;
  entropy: number;
  alternatives: [number, number | null, number | null][];
  label: string;
  special: boolean;
}

export interface StoryBranch {
  first: number;
  last: number;
  depth: number;
  name: string;
  text: string;
  count: number;
  mean: number;
  here: boolean;
}

/** pages/ui/sampling/stage.py; the payload is float32, the logits. Event: settings {values, order, off}. */
export interface SamplerHeader {
  key: string;
  label_ids: number[];
  labels: string[];
  context: number[];
  actual: number | null;
  u: number;
  stages: StageKind[];
  settings: SamplerSettings;
  revision: number;
}

/** A row of the table in core/generation/stages.py: see there. */
export interface StageKind {
  name: string;
  title: string;
  off: number;
  slider: [number, number, number];
  kind: "penalty" | "temperature" | "cut";
  colour: number;
  hint: string;
  whole: boolean;
  named: [number, string][];
}

export interface SamplerSettings {
  values: Record<string, number>;
  order: string[];
  off: string[];
}

/** pages/ui/training/curves.py. Events: pick, hover {run, step}, change {run, step, kind}. */
export interface CurvesHeader {
  runs: CurvesRun[];
  title: string;
  mark: number | null;
  height: number;
  group: string;
  hover: boolean;
  bar: boolean;
  reveal: string;
}

/** rows_at: the address of its rows; null: they grow, and are asked for again and again, as `summary` is. */
export interface CurvesRun {
  id: string;
  label: string;
  state: string;
  live: boolean;
  rows_at: string | null;
  steps: number | null;
  seconds: number | null;
  kept: number[];
  planned: number[];
  mixed: boolean;
  flops_per_token: number | null;
  /** The step at which it left its parent. */
  forked_at: number | null;
  /** Only what came from this step on is shown, and counted from there. */
  since?: number | null;
  summary: RunSummary | null;
}

/** core/runs/summary.py. */
export interface RunSummary {
  step: number;
  done: number;
  seconds_left: number | null;
  tokens_per_second: number | null;
  utilisation: number | null;
  beaten: { name: string; since: number; again: boolean } | null;
}

/** A row of metrics.jsonl; each has some of these. */
export interface MetricsRow {
  step: number;
  tokens?: number;
  seconds?: number;
  loss_per_token?: number;
  val_loss_per_token?: number;
  val_loss_per_document?: number;
  floor_per_token?: number;
  floor_per_document?: number;
  lr?: number;
  grad_norm?: number;
  tokens_per_second?: number;
  utilisation?: number;
  update_ratio?: Record<string, number>;
  statistics?: Record<string, number>;
  flops?: number;
  sample?: string;
  event?: string;
  was?: number;
  value?: number;
  status?: string;
  message?: string;
  baselines_per_token?: Record<string, number>;
}

/** pages/ui/sections.py. Event: near {page, near}. */
export interface SectionsHeader {
  page: string;
  sections: { anchor: string; title: string; height: number }[];
}

/** pages/ui/caption.py; the payload is a file that was asked for. Event: save {turn}. */
export interface TruthHeader {
  sentence: string;
  tensor: string;
  shape: string;
  code: string;
  /** which press of "Save" the payload answers, if it answers one; the file's name without its ending */ turn: number | null;
  file: string;
}

/** A stage of the data pipeline, or, with an empty key, what comes in. */
export interface PipelineRow {
  key: string;
  name: string;
  purpose: string;
  on: boolean;
  /** parts of the bar from the left, each with its share of what came in: kept, own, other, fine or gone */ parts: { role: string; share: number; count: string }[];
  /** what stands behind the bar */ words: string;
  time: string;
}

/** pages/ui/data/stage.py, `funnel`. Events: arrange {order, off}, open {key}. */
export interface PipelineHeader {
  title: string;
  rows: PipelineRow[];
  open: string;
  /** the figures are those of other settings */ stale: boolean;
  legend: { role: string; words: string }[];
}

/** pages/ui/data/passages.py: texts side by side; a piece is [kind, characters]. */
export interface PassagesHeader {
  title: string;
  /** of each text, in pixels */ height?: number;
  columns: { title: string; note: string; pieces: string[][] }[];
  /** kind, words */ legend: string[][];
}

/** pages/ui/uses/chat.py. Event: act {by, serial, presses}; without a press it asks for the next tokens. */
export interface ChatHeader {
  serial: number;
  seen: { by: number | null; number: number };
  job: number;
  left: number;
  /** `number` is that of the turn */ messages: { role: "system" | "user" | "assistant"; text: string; number: number }[];
  status: string;
  error: string;
}
