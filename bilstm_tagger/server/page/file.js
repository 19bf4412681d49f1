// A file that is chosen, or dropped on the page, and comes back tagged.
import { Problem, request } from "./api.js";
import { download } from "./formats.js";

const dialog = document.getElementById("file");
const form = dialog.querySelector("form");
const field = form.elements.file;
const main = form.querySelector(".main");
const progress = form.querySelector("progress");
const state = form.querySelector(".state");
const problem = form.querySelector(".problem");
const drop = document.getElementById("drop");
let chosen;
let running;

// Opens the dialog at a button and at a drop. `choice`: what is chosen on the page, a model and the
// names of its tasks.
export function chooseFilesFor(button, choice) {
  const open = () => {
    const { model, tasks } = (chosen = choice());
    form.querySelector("p").textContent = `Model ${model.name}: ${tasks.join(", ") || "no task"}`;
    tell();
    if (!dialog.open) dialog.showModal();
  };
  button.addEventListener("click", open);

  let inside = 0;
  const isFile = (event) => event.dataTransfer.types.includes("Files");
  const show = (shown) => {
    inside = shown ? inside : 0;
    drop.hidden = !shown;
  };
  addEventListener("dragenter", (event) => {
    if (!isFile(event) || button.disabled) return;
    inside += 1;
    show(true);
  });
  addEventListener("dragleave", () => {
    inside -= 1;
    if (inside <= 0) show(false);
  });
  addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    show(false);
    if (button.disabled) return;
    const { files } = event.dataTransfer;
    open();
    if (files.length === 1) field.files = files;
    else tell("", "These are several files. Drop one.");
  });
}

function tell(message = "", fault = "") {
  state.textContent = message;
  problem.hidden = !fault;
  problem.querySelector("p").textContent = fault;
}

function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toLocaleString("en", { maximumFractionDigits: 1 })} ${units[power]}`;
}

// The name that the server gives to what it sends.
function nameIn(response, other) {
  const header = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header);
  if (encoded) return decodeURIComponent(encoded[1]);
  const quoted = /filename="((?:[^"\\]|\\.)*)"/i.exec(header);
  return quoted ? quoted[1].replace(/\\(.)/g, "$1") : `tagged-${other}`;
}

async function tag(file, signal) {
  // What cannot be read, such as a folder, would look as if the server did not answer.
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Problem(`${file.name} cannot be read. Choose a file, not a folder.`);
  });
  const { model, tasks } = chosen;
  if (!tasks.length) throw new Problem("No task is chosen. Close this window and choose one.");
  const query = new URLSearchParams({ name: file.name, model: model.name, tasks: tasks.join(",") });
  for (const name of ["input_format", "output_format"]) {
    if (form.elements[name].value) query.set(name, form.elements[name].value);
  }
  const type = "application/octet-stream";
  const response = await request(`files?${query}`, { body: file, type, signal });
  const content = await response.blob().catch((error) => {
    if (signal.aborted) throw error;
    throw new Problem("The server's answer broke off. Is it still running?");
  });
  const name = nameIn(response, file.name);
  download(content, name);
  return `${name}, ${size(content.size)}, is downloaded.`;
}

form.addEventListener("submit", async (event) => {
  if (event.submitter.value !== "tag") return;
  event.preventDefault();
  const [file] = field.files;
  const controller = new AbortController();
  running = controller;
  tell(`Tagging ${file.name}, ${size(file.size)}…`);
  main.disabled = true;
  progress.hidden = false;
  try {
    tell(await tag(file, controller.signal));
  } catch (error) {
    if (!controller.signal.aborted) tell("", error.message);
  } finally {
    main.disabled = false;
    progress.hidden = true;
  }
});
// What was chosen again may be another file, or in another form.
form.addEventListener("input", () => tell());
dialog.addEventListener("close", () => running?.abort());
