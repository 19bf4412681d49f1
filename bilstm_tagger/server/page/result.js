// The list of tagged sentences: drawn in steps, with numbers on demand and alternatives.
import { ask } from "./api.js";
import { MOST, drawAlternatives } from "./alternatives.js";
import { SentenceDrawing, make } from "./draw.js";

// About so many tokens are drawn at a time.
const STEP = 1_000;

const section = document.getElementById("result");
const list = section.querySelector(".sentences");
const more = section.querySelector(".more");
const copied = document.getElementById("copied");
const tip = document.getElementById("tip");
let result;
let drawn = 0;

// Shows a result: {model, text, units, tasks, sentences}, as page.js makes it.
export function showResult(shown) {
  result = shown;
  drawn = 0;
  list.replaceChildren();
  list.lang = result.model.language ?? "";
  hideTip();
  copied.textContent = "";
  section.hidden = false;
  draw();
}

// Shows that the result has grown.
export function showMore() {
  if (more.hidden) draw();
}

function draw() {
  const items = [];
  for (let tokens = 0; tokens < STEP && drawn < result.sentences.length; drawn += 1) {
    tokens += result.sentences[drawn].tokens.length;
    items.push(item(new SentenceDrawing(result, result.sentences[drawn], drawn + 1)));
  }
  list.append(...items);
  more.hidden = drawn === result.sentences.length;
  // Tells again whether the end is near.
  observer.unobserve(more);
  observer.observe(more);
}

const observer = new IntersectionObserver(
  (entries) => entries.some((entry) => entry.isIntersecting) && draw(),
  { rootMargin: "1000px" },
);
more.addEventListener("click", draw);

function item(drawing) {
  const name = make("span", { className: "unseen" }, ` of sentence ${drawing.number}`);
  const content = make("div", { role: "status" });
  const details = make("details", {}, make("summary", {}, "Alternatives", name), content);
  details.addEventListener("toggle", () => {
    if (details.open && !content.querySelector("table")) fillAlternatives(drawing, content);
  });
  return make("li", {}, drawing.lines(), details);
}

async function fillAlternatives(drawing, content) {
  const { model, tasks } = drawing.result;
  content.textContent = "Asking the server…";
  try {
    const answer = await ask("tag", {
      model: model.name,
      tokens: drawing.sentence.tokens,
      tasks: tasks.map((task) => task.name),
      top_k: MOST,
    });
    content.replaceChildren(drawAlternatives(drawing, answer.results[0].sentences[0].alternatives));
  } catch (error) {
    content.replaceChildren(make("p", { className: "problem" }, error.message));
  }
}

// Numbers

function showTip(node) {
  tip.textContent = node.dataset.tip;
  tip.hidden = false;
  // Of what is broken across lines, its first piece.
  const place = node.getClientRects()[0];
  const width = document.documentElement.clientWidth;
  const left = Math.max(4, Math.min(place.left, width - tip.offsetWidth - 4));
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${place.top + scrollY - tip.offsetHeight - 4}px`;
}

function hideTip() {
  tip.hidden = true;
}

for (const shows of ["pointerover", "focusin"]) {
  list.addEventListener(shows, ({ target }) => {
    const node = target.closest("[data-tip]");
    if (node) showTip(node);
  });
}
list.addEventListener("focusout", hideTip);
// What the keyboard has reached shows its number again when the mouse has gone.
list.addEventListener("pointerout", () => {
  const node = list.querySelector("[data-tip]:focus-visible");
  if (node) showTip(node);
  else hideTip();
});
addEventListener("keydown", (event) => event.key === "Escape" && hideTip());

// Arrow keys go from label to label of a sentence, in the direction in which they are seen.
list.addEventListener("keydown", (event) => {
  const node = event.target.closest("[data-tip]");
  if (!node || event.ctrlKey || event.altKey || event.metaKey) return;
  const nodes = [...node.closest("li").querySelectorAll("[data-tip]")];
  const place = nodes.indexOf(node);
  const step = getComputedStyle(node.closest("dd")).direction === "rtl" ? -1 : 1;
  const moves = { ArrowRight: place + step, ArrowLeft: place - step, Home: 0, End: nodes.length - 1 };
  const next = nodes[moves[event.key]];
  if (!next) return;
  event.preventDefault();
  node.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
