// The best taggings of a sentence, each as what differs from the one that is shown.
import { make, perCent, visible } from "./draw.js";

// The most that are asked for.
export const MOST = 5;

const key = (span) => [span.label, span.first_token, span.last_token].join(" ");
const overlap = (a, b) => a.first_token <= b.last_token && b.first_token <= a.last_token;

// Spans that the alternative has beyond those shown, and those that it leaves without another one.
function spanDifferences(drawing, task, alternative) {
  const shown = drawing.sentence.spans[task.name];
  const keys = new Set(shown.map(key));
  const added = alternative.spans.filter((span) => !keys.has(key(span)));
  const kept = new Set(alternative.spans.map(key));
  const removed = shown.filter(
    (span) => !kept.has(key(span)) && !added.some((other) => overlap(span, other)),
  );
  return [
    ...added.map((span) => [span.first_token, difference(drawing, task, span)]),
    ...removed.map((span) => [span.first_token, difference(drawing, task, span, "missing")]),
  ]
    .sort((a, b) => a[0] - b[0])
    .map(([, node]) => node);
}

// Tokens that have another label than the one that is shown.
function labelDifferences(drawing, task, { tags }) {
  const shown = drawing.sentence.tags[task.name];
  return tags.flatMap((label, token) => {
    if (label === shown[token]) return [];
    return [difference(drawing, task, { first_token: token, last_token: token, label })];
  });
}

function difference(drawing, task, span, className = "") {
  const { first_token: first, last_token: last, label } = span;
  const name = className ? `not ${label}` : label;
  const node = make("mark", { className }, ...visible(drawing.text(first, last)), "\u00a0");
  node.append(make("small", { dir: "ltr" }, name));
  node.style.setProperty("--hue", task.hues.get(label));
  return node;
}

function row(probability, ...content) {
  const share = make("span", { className: "share" }, perCent(probability));
  share.style.setProperty("--share", `${100 * probability}%`);
  const name = make("th", { scope: "row", className: "number" }, share);
  const cell = make("td", { dir: "auto" });
  for (const node of content) cell.append(node, " ");
  return make("tr", {}, name, cell);
}

const quiet = (text) => make("span", { className: "quiet" }, text);

// A table for each task. `alternatives`: task to what the server says of the sentence.
export function drawAlternatives(drawing, alternatives) {
  const tables = drawing.result.tasks.map((task) => {
    const best = alternatives[task.name];
    const differences = task.encoding ? spanDifferences : labelDifferences;
    const rows = best.map((alternative) => {
      const nodes = differences(drawing, task, alternative);
      return row(alternative.probability, ...(nodes.length ? nodes : [quiet("as above")]));
    });
    const others = 1 - best.reduce((sum, alternative) => sum + alternative.probability, 0);
    if (best.length === MOST) rows.push(row(Math.max(0, others), quiet("all others")));
    const table = make("table", {}, make("caption", {}, task.name), make("tbody", {}, ...rows));
    return make("div", {}, table);
  });
  return make("div", { className: "alternatives" }, ...tables);
}
