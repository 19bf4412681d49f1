// Draws a sentence: for each task of spans a line with marked spans, and for all other tasks
// together a line of tokens with their labels below.

// From this probability on, a number is seen only where it is asked for.
const SURE = 0.9;
// Of labels, in degrees: the golden angle keeps any number of hues apart.
const FIRST_HUE = 210;
const HUE_STEP = 137.5;
// Characters that are not seen, or turn the text around them.
const UNSEEN = /([\0-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff])/;

export function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// Never more than there is: 99.99 % is not "100 %".
export const perCent = (probability) => `${(Math.floor(1000 * probability) / 10).toFixed(1)}\u00a0%`;

// The hue of each label of a task; of spans, without the prefixes of the encoding. It depends on the
// model alone, not on the text.
export function huesOf({ labels, encoding }) {
  const types = new Set(encoding ? labels.map((label) => label.replace(/^[A-Z]-/, "")) : labels);
  if (encoding) types.delete("O");
  return new Map(Array.from(types, (type, place) => [type, (FIRST_HUE + place * HUE_STEP) % 360]));
}

// From a position in code points, as the server counts, to one in UTF-16, as strings have it.
export function unitsOf(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (point) => point;
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return (point) => units[point];
}

// A text whose unseen characters are named.
export function visible(text) {
  return text.split(UNSEEN).map((part, index) => {
    if (index % 2 === 0) return part;
    const number = part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return make("span", { className: "unseen-character", dir: "ltr" }, `U+${number}`);
  });
}

// Writes a label with its probability. `node` shows the probability as the length of a line; the number
// is seen where the model is not sure, and always there for screen readers.
function addLabel(small, node, hue, label, probability) {
  node.classList.add("measured");
  node.style.setProperty("--hue", hue);
  node.style.setProperty("--sure", probability);
  const className = probability < SURE ? "chance" : "unseen";
  small.append(label, make("span", { className }, ` ${perCent(probability)}`));
}

// Words with a label behind them, on the line of the last of them.
function labelled(node, words, ...label) {
  const small = make("small", { dir: "ltr" });
  node.append(...visible(words), "\u00a0", small);
  addLabel(small, node, ...label);
  return node;
}

export class SentenceDrawing {
  // `result`: the text, `units` of it, and the tasks with their hues.
  constructor(result, sentence, number) {
    this.result = result;
    this.sentence = sentence;
    this.number = number;
    const { units } = result;
    this.bounds = sentence.offsets.map(([start, end]) => [units(start), units(end)]);
    this.spanTasks = result.tasks.filter((task) => task.encoding);
    this.labelTasks = result.tasks.filter((task) => !task.encoding);
  }

  // The text of tokens, the last one included.
  text(first, last = first) {
    return this.result.text.slice(this.bounds[first][0], this.bounds[last][1]);
  }

  // The sentence with nodes in the place of tokens; `pieces`: {first, last, node} from left to right.
  fill(parent, pieces) {
    let next = this.bounds[0][0];
    const addText = (end) => {
      const text = this.result.text.slice(next, end);
      if (text.trim()) parent.append(make("span", {}, ...visible(text)));
      else parent.append(text);
    };
    for (const { first, last, node } of pieces) {
      addText(this.bounds[first][0]);
      parent.append(node);
      next = this.bounds[last][1];
    }
    addText(this.bounds.at(-1)[1]);
    return parent;
  }

  // A span, marked.
  mark(task, { first_token: first, last_token: last, label, probability }) {
    const words = this.text(first, last);
    const node = labelled(make("mark", {}), words, task.hues.get(label), label, probability);
    return { first, last, node: this.asItem(node, [[label, probability]]) };
  }

  // Tokens in no span of which the model is not sure.
  outside(task) {
    const { tags, probabilities, spans } = this.sentence;
    const inside = new Set();
    for (const { first_token, last_token } of spans[task.name]) {
      for (let token = first_token; token <= last_token; token += 1) inside.add(token);
    }
    const pieces = [];
    tags[task.name].forEach((tag, token) => {
      const probability = probabilities[task.name][token];
      if (inside.has(token) || probability >= SURE) return;
      const node = make("span", { className: "outside" });
      labelled(node, this.text(token), 0, tag, probability);
      pieces.push({ first: token, last: token, node: this.asItem(node, [[tag, probability]]) });
    });
    return pieces;
  }

  // A token with its labels below.
  token(token) {
    const node = make("span", { className: "token" }, make("span", {}, ...visible(this.text(token))));
    const labels = this.labelTasks.map((task) => {
      const label = this.sentence.tags[task.name][token];
      const probability = this.sentence.probabilities[task.name][token];
      const line = make("small", { className: "tag", dir: "ltr" });
      addLabel(line, line, task.hues.get(label), label, probability);
      node.append(line);
      return [label, probability, task.name];
    });
    return { first: token, last: token, node: this.asItem(node, labels) };
  }

  // Something that has its numbers shown. Of a sentence, the Tab key reaches only the first.
  asItem(node, labels) {
    node.dataset.tip = labels
      .map(([label, probability, name]) => `${name ? `${name}: ` : ""}${label} ${perCent(probability)}`)
      .join("\n");
    node.tabIndex = -1;
    return node;
  }

  // The lines of the sentence.
  lines() {
    const lines = make("dl", {});
    for (const task of this.spanTasks) {
      const marks = this.sentence.spans[task.name].map((span) => this.mark(task, span));
      const pieces = [...marks, ...this.outside(task)].sort((a, b) => a.first - b.first);
      lines.append(make("dt", {}, task.name), this.fill(make("dd", { dir: "auto" }), pieces));
    }
    if (this.labelTasks.length) {
      const names = this.labelTasks.map((task) => make("span", {}, task.name));
      const pieces = this.sentence.tokens.map((_, token) => this.token(token));
      const line = make("dd", { dir: "auto", className: "labels" });
      lines.append(make("dt", { className: "labels" }, ...names), this.fill(line, pieces));
    }
    const first = lines.querySelector("[data-tip]");
    if (first) first.tabIndex = 0;
    return lines;
  }
}
