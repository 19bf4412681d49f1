"use strict";
// Lists the sentences of a task that pass the filters: those with errors of models, or with labels
// in doubt. What is shown stands in the address behind
// its "#", as in "#task-1?kind=missing&text=bank", so that it can be kept, and "back" goes back.

// So many sentences are drawn at a time.
const STEP = 50;

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// Never more than there is: 99.99 % is not "100 %".
const perCent = (probability) => `${(Math.floor(1000 * probability) / 10).toFixed(1)}\u00a0%`;
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const isWrong = (outcome) => outcome.kind !== "right";
const overlap = (a, b) => a.start <= b.end && b.start <= a.end;

// The tokens as text, with the nodes of pieces ({start, end, node}) in the place of their tokens. A
// piece that overlaps one before it in the list comes last.
function fill(parent, tokens, pieces) {
  const placed = [];
  const late = [];
  for (const piece of pieces) {
    (placed.some((other) => overlap(piece, other)) ? late : placed).push(piece);
  }
  let next = 0;
  const addTokens = (end) => {
    if (next < end) parent.append(make("span", {}, tokens.slice(next, end).join(" ")), " ");
  };
  for (const { start, end, node } of placed.sort((a, b) => a.start - b.start)) {
    addTokens(start);
    parent.append(node, " ");
    next = end + 1;
  }
  addTokens(tokens.length);
  for (const { node } of late) parent.append(node, " ");
  return parent;
}

class Task {
  constructor(section) {
    this.section = section;
    this.form = section.querySelector("form");
    this.rows = section.querySelector(".sentences");
    this.status = section.querySelector("[role=status]");
    this.more = section.querySelector(".more");
    section.querySelector(".browser").hidden = false;
    let timer;
    this.form.addEventListener("input", () => {
      this.find();
      // Browsers refuse an address that changes at every key.
      clearTimeout(timer);
      timer = setTimeout(() => this.keep(), 300);
    });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.querySelector("button").addEventListener("click", () => {
      this.form.reset();
      this.find();
      this.keep();
    });
    this.more.addEventListener("click", () => this.draw());
    this.observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && this.draw(),
      { rootMargin: "1000px" },
    );
    for (const table of section.querySelectorAll(".matrix")) this.walk(table);
    for (const button of section.querySelectorAll("button[data-filter]")) {
      button.disabled = false;
      button.addEventListener("click", () => {
        history.pushState(null, "", `#${section.id}?${button.dataset.filter}`);
        show();
        section.querySelector(".browser h3").focus();
        section.querySelector(".browser").scrollIntoView();
      });
    }
  }

  // Makes a table one stop of the Tab key, as tables of numbers to select are: arrow keys go on.
  // Left and right go to all buttons, as there may be no other one above or below.
  walk(table) {
    const buttons = [...table.querySelectorAll("button")];
    const column = (button) => button.closest("td").cellIndex;
    const stopAt = (stop) => {
      for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
    };
    stopAt(buttons[0]);
    table.addEventListener("focusin", (event) => stopAt(event.target));
    table.addEventListener("keydown", (event) => {
      const same = buttons.filter((button) => column(button) === column(event.target));
      const near = (list, step) => list[list.indexOf(event.target) + step];
      const steps = {
        ArrowLeft: () => near(buttons, -1),
        ArrowRight: () => near(buttons, 1),
        ArrowUp: () => near(same, -1),
        ArrowDown: () => near(same, 1),
        Home: () => buttons[0],
        End: () => buttons.at(-1),
      };
      if (!steps[event.key]) return;
      event.preventDefault();
      steps[event.key]()?.focus();
    });
  }

  // As a task that is not looked at need not be read.
  get data() {
    const text = () => this.section.querySelector("script").textContent;
    return (this.read ??= JSON.parse(text()));
  }

  // Writes the filters into the address.
  keep() {
    const filters = [...new FormData(this.form)].filter(([, value]) => value);
    const query = new URLSearchParams(filters).toString();
    history.replaceState(null, "", `#${this.section.id}${query && "?"}${query}`);
  }

  // Reads the filters from the address.
  restore(query) {
    this.form.reset();
    for (const [name, value] of new URLSearchParams(query)) {
      if (this.form.elements[name]) this.form.elements[name].value = value;
    }
    this.find();
  }

  // Whether a filter is for an outcome.
  passes({ kind, label, confusion }) {
    const option = this.form.elements.confusion?.selectedOptions[0];
    const pairs = confusion && JSON.parse(option.dataset.pairs);
    return (outcome) => {
      const gold = outcome.gold?.[2] ?? null;
      const predicted = outcome.predicted?.[2] ?? null;
      return (
        isWrong(outcome) &&
        (!kind || outcome.kind === kind) &&
        (!label || gold === label || predicted === label) &&
        (!pairs || pairs.some((pair) => gold === pair[0] && predicted === pair[1]))
      );
    };
  }

  // Finds the sentences that pass, and draws the first.
  find() {
    const filters = Object.fromEntries(new FormData(this.form));
    const passes = this.passes(filters);
    const text = filters.text.trim().toLowerCase();
    let errors = 0;
    this.hits = this.data.errors.filter((sentence) => {
      const passing = sentence.outcomes.map((outcomes) => outcomes.filter(passes));
      const who = passing.map((outcomes) => (outcomes.length ? 1 : 0)).join("");
      if (!who.includes("1") || (filters.who && filters.who !== who)) return false;
      if (text) {
        sentence.text ??= sentence.tokens.join(" ").toLowerCase();
        if (!sentence.text.includes(text)) return false;
      }
      errors += passing.flat().filter((outcome) => !outcome.continued).length;
      return true;
    });
    const total = count(this.data.errors.length, "sentence");
    this.status.textContent =
      `${this.hits.length.toLocaleString("en")} of ${total}, ${count(errors, this.data.noun)}`;
    this.rows.replaceChildren();
    this.drawn = 0;
    this.draw();
  }

  draw() {
    const next = this.hits.slice(this.drawn, this.drawn + STEP);
    this.rows.append(...next.map((sentence) => this.sentence(sentence)));
    this.drawn += next.length;
    this.more.hidden = this.drawn === this.hits.length;
    // Tells again whether the end is near.
    this.observer.unobserve(this.more);
    this.observer.observe(this.more);
  }

  sentence(sentence) {
    const facts = sentence.facts ?? this.sureness(sentence);
    const text = [sentence.place, `sentence ${sentence.number}`, ...facts].join(" · ");
    const content = this.data.of_spans ? this.spans(sentence) : this.tokens(sentence);
    return make("li", {}, make("p", { className: "quiet" }, text), content);
  }

  // Of each model, how sure it is of its error.
  sureness(sentence) {
    return sentence.outcomes.map((outcomes, model) => {
      const wrong = outcomes.filter(isWrong);
      const probability = wrong.reduce((most, next) => Math.max(most, next.probability ?? -1), -1);
      const name = this.data.models.length > 1 ? `${this.data.models[model]}: ` : "";
      if (!wrong.length) return `${name}right`;
      if (probability >= 0) return `${name}${perCent(probability)} sure of its error`;
      return name + (wrong.every((outcome) => outcome.kind === "missing") ? "misses a span" : "wrong");
    });
  }

  // Gold above predicted.
  spans({ tokens, outcomes }) {
    const lines = make("dl", {});
    const addLine = (name, pieces) =>
      lines.append(make("dt", {}, name), fill(make("dd", { dir: "auto" }), tokens, pieces));
    // Two models have the same gold spans.
    const gold = outcomes.flatMap((list) => list.flatMap((outcome) => (outcome.gold ? [outcome.gold] : [])));
    const different = new Map(gold.map((span) => [span[0], span]));
    addLine("gold", Array.from(different.values(), (span) => this.span(tokens, span)));
    outcomes.forEach((list, model) => {
      const predicted = list.filter((outcome) => outcome.predicted);
      const missing = list.filter((outcome) => !outcome.predicted && !outcome.continued);
      // What is missing comes after, as it may overlap a span that is predicted for another one.
      const pieces = [...predicted, ...missing].map((outcome) =>
        this.span(tokens, outcome.predicted ?? outcome.gold, outcome),
      );
      addLine(this.data.models[model], pieces);
    });
    return lines;
  }

  // A span of a line, and why it is wrong.
  span(tokens, [start, end, label], outcome) {
    const node = make("mark", {}, tokens.slice(start, end + 1).join(" "));
    const add = (className, text) => node.append(make("small", { className, dir: "ltr" }, text));
    const missing = outcome && !outcome.predicted;
    if (!missing) {
      node.style.setProperty("--hue", this.data.hues[label]);
      add("", label);
    }
    if (outcome && isWrong(outcome)) {
      node.className = missing ? "missing" : "wrong";
      const known = outcome.probability === undefined ? "" : ` ${perCent(outcome.probability)}`;
      add("why", this.data.kinds[outcome.kind] + known);
    }
    return { start, end, node };
  }

  // The wrong tokens, each between its gold label and the predicted ones.
  tokens({ tokens, outcomes }) {
    const places = new Set(outcomes.flat().map((outcome) => outcome.gold[0]));
    const pieces = Array.from(places, (place) => {
      const models = outcomes.map((list) => list.find((outcome) => outcome.gold[0] === place));
      const gold = models.find((outcome) => outcome).gold[2];
      const node = make("span", { className: "token" });
      node.append(this.line("gold", gold), make("span", {}, tokens[place]));
      models.forEach((outcome, model) => {
        const line = this.line(this.data.models[model], outcome?.predicted[2], "wrong");
        if (!outcome) line.append("right");
        if (outcome?.probability !== undefined) line.append(` ${perCent(outcome.probability)}`);
        node.append(line);
      });
      return { start: place, end: place, node };
    });
    return fill(make("p", { className: "words", dir: "auto" }), tokens, pieces);
  }

  // A label above or below a token. Names are seen where two lines need them.
  line(name, text, className = "") {
    const seen = this.data.models.length > 1 && name !== "gold";
    const line = make("small", { dir: "ltr" }, make("span", { className: seen ? "" : "unseen" }, `${name} `));
    if (text !== undefined) {
      const label = make("span", { className: `label ${className}` }, text);
      label.style.setProperty("--hue", this.data.hues[text]);
      line.append(label);
    }
    return line;
  }
}

const tasks = Array.from(document.querySelectorAll("section.task"), (section) => new Task(section));

// Shows the task in the address.
function show() {
  const [id, query] = location.hash.slice(1).split("?");
  const shown = tasks.find((task) => task.section.id === id) ?? tasks[0];
  for (const task of tasks) task.section.hidden = task !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${shown.section.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  shown?.restore(query);
}

addEventListener("hashchange", show);
show();
