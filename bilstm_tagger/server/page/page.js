// The page of the server: tags the text of its form, and shows, copies and keeps the result.
import { ask } from "./api.js";
import { count, huesOf, make, unitsOf } from "./draw.js";
import { chooseFilesFor } from "./file.js";
import { copy, downloadResult, written } from "./formats.js";
import { showMore, showResult } from "./result.js";
import { tagPieces } from "./tag.js";

const EXAMPLE =
  "Ada Lovelace wrote to Charles Babbage in London that the Analytical Engine might compose " +
  "music. He thanked her on Monday, and Apple was not there yet.";

const form = document.getElementById("form");
const { text: textField, model: modelField } = form.elements;
const button = form.querySelector("button.main");
const fieldset = form.querySelector("fieldset");
const status = document.getElementById("status");
const waiting = document.getElementById("waiting");
const progress = waiting.querySelector("progress");
const stop = waiting.querySelector("button");
const problem = document.getElementById("problem");
const section = document.getElementById("result");
const copyForm = document.getElementById("copy");
const copied = document.getElementById("copied");

let models = [];
let maxTokens;
let result;
let running;

const model = () => models[modelField.selectedIndex];
const chosenTasks = () => [...fieldset.querySelectorAll(":checked")].map((box) => box.value);

function showProblem(message, again) {
  status.textContent = "";
  problem.hidden = false;
  problem.querySelector("p").textContent = message;
  const retry = problem.querySelector("button");
  retry.hidden = !again;
  retry.onclick = again;
}

function forget() {
  result = undefined;
  section.hidden = true;
}

// Does some work that takes an abort signal, and says how it goes. A later work ends an earlier one.
async function run(message, work) {
  running?.abort();
  const controller = new AbortController();
  running = controller;
  problem.hidden = true;
  waiting.hidden = false;
  // Without models there is nothing to go back to.
  stop.hidden = !models.length;
  progress.removeAttribute("value");
  status.textContent = message;
  try {
    await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return;
    // What came of a text before the problem stays.
    if (result?.signal !== controller.signal) forget();
    showProblem(error.message, () => run(message, work));
  } finally {
    if (running === controller) waiting.hidden = true;
  }
}

stop.addEventListener("click", () => {
  running.abort();
  waiting.hidden = true;
  status.textContent = "Stopped.";
  textField.focus();
});

// Models and tasks

async function loadModels(signal) {
  ({ models, max_tokens: maxTokens } = await ask("models", undefined, signal));
  modelField.replaceChildren(...models.map(({ name }) => make("option", {}, name)));
  form.querySelector(".model").hidden = models.length === 1;
  document.getElementById("open").disabled = false;
  status.textContent = "";
  showModel();
  if (model().language === "en" && !textField.value) textField.value = EXAMPLE;
}

// What the form has for the model that is chosen.
function showModel() {
  const { name, language, tasks, columns } = model();
  const boxes = tasks.map((task) =>
    make(
      "label",
      {},
      make("input", { type: "checkbox", name: "task", value: task.name, checked: true }),
      task.name,
    ),
  );
  fieldset.querySelector(".tasks").replaceChildren(...boxes);
  fieldset.hidden = tasks.length === 1;
  textField.lang = language ?? "";
  button.disabled = columns.length > 0;
  const note = document.getElementById("columns");
  note.hidden = !columns.length;
  note.textContent =
    `The model ${name} reads more of a token than the token (${columns.join(", ")}), which text ` +
    "does not have. Tag a file that has it.";
}

// Tagging

function tag() {
  const text = textField.value.toWellFormed();
  const names = chosenTasks();
  if (button.disabled) return;
  running?.abort();
  waiting.hidden = true;
  if (!text.trim()) {
    forget();
    showProblem("There is no text. Type or paste some.");
    textField.focus();
  } else if (!names.length) {
    forget();
    showProblem("No task is chosen. Choose one.");
    fieldset.querySelector("input").focus();
  } else {
    run("Tagging…", (signal) => tagText(text, model(), names, signal));
  }
}

async function tagText(text, model, names, signal) {
  const start = performance.now();
  const tasks = model.tasks
    .filter((task) => names.includes(task.name))
    .map((task) => ({ ...task, hues: huesOf(task) }));
  const shown = { model, tasks, text: "", units: unitsOf(text), sentences: [], signal };
  const given = { model: model.name, tasks: names, probabilities: true };
  for await (const piece of tagPieces(text, given, signal, maxTokens)) {
    const first = !shown.text;
    shown.text = piece.text;
    // All at once would be too many arguments.
    for (const sentence of piece.sentences) shown.sentences.push(sentence);
    if (first) showResult((result = shown));
    else showMore();
    progress.value = piece.text.length / text.length;
  }
  section.hidden = !result.sentences.length;
  const tokens = result.sentences.reduce((sum, sentence) => sum + sentence.tokens.length, 0);
  const time = Math.ceil(performance.now() - start).toLocaleString("en");
  status.textContent =
    `${count(result.sentences.length, "sentence")}, ${count(tokens, "token")}, ${time} ms`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  tag();
});
textField.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    tag();
  }
});
modelField.addEventListener("change", () => {
  showModel();
  if (!result) return;
  if (model().columns.length) forget();
  else tag();
});
// As long as there is a result, or would be but for the choice.
fieldset.addEventListener("change", () => (result || !problem.hidden) && tag());

// The result as a text

for (const [name, act, message] of [
  ["copy", async (format) => copy(written(result, format)), "Copied."],
  ["download", async (format) => downloadResult(result, format), "Downloaded."],
]) {
  copyForm.elements[name].addEventListener("click", async () => {
    copied.textContent = "";
    try {
      await act(copyForm.elements.format.value);
      copied.textContent = message;
    } catch (error) {
      copied.textContent = error.message;
    }
  });
}
copyForm.addEventListener("submit", (event) => event.preventDefault());

chooseFilesFor(document.getElementById("open"), () => ({ model: model(), tasks: chosenTasks() }));
run("Asking the server for its models…", loadModels);
