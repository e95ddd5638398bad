// @ts-check
// Python in colours: which parts of a line are comments, strings, keywords and numbers.

const KEYWORDS = "and|as|assert|def|elif|else|False|for|from|if|import|in|is|lambda|None|not|or|return|True|while|with|yield";
const STRING = /"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/.source;
const PARTS = new RegExp(
  String.raw`(?<comment>#.*)|(?<string>(?:\b[bfr]{1,2})?(?:${STRING}))|\b(?<keyword>${KEYWORDS})\b|\b(?<number>\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\b`,
  "g",
);

// The code as [kind, text], of kind "" where it is nothing of these.
export function parts(/** @type {string} */ code) {
  const found = [];
  let end = 0;
  for (const match of code.matchAll(PARTS)) {
    if (match.index > end) found.push(["", code.slice(end, match.index)]);
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [""];
    found.push([kind, match[0]]);
    end = match.index + match[0].length;
  }
  if (end < code.length) found.push(["", code.slice(end)]);
  return found;
}
