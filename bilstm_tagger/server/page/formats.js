// The result as a text to copy or to keep, and files for the user.
import { Problem } from "./api.js";

// A token a line with its tags, as `bilstm-tagger tag --output-format conll` writes it.
function conll({ sentences, tasks }) {
  return sentences
    .map(({ tokens, tags }, number) => {
      const bad = tokens.findIndex((token) => /[\t\n\r]/.test(token));
      if (bad >= 0) {
        throw new Problem(
          `Token ${bad + 1} of sentence ${number + 1} holds a tab or line end, which columns ` +
            "cannot hold. Take JSON.",
        );
      }
      const columns = [tokens, ...tasks.map((task) => tags[task.name])];
      return tokens.map((_, row) => `${columns.map((column) => column[row]).join("\t")}\n`).join("");
    })
    .map((rows) => `${rows}\n`)
    .join("");
}

// With the text, which the offsets are of.
function json({ model, text, sentences }) {
  return `${JSON.stringify({ model: model.name, text, sentences })}\n`;
}

const FORMATS = {
  conll: { write: conll, ending: "conll", type: "text/plain" },
  json: { write: json, ending: "json", type: "application/json" },
};

// The result in a format.
export const written = (result, format) => FORMATS[format].write(result);

// Gives the result to the user as a file.
export function downloadResult(result, format) {
  const { ending, type } = FORMATS[format];
  const blob = new Blob([written(result, format)], { type: `${type};charset=utf-8` });
  download(blob, `tagged.${ending}`);
}

// Gives the user a file. The address lives long enough for slow disks.
export function download(blob, name) {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

// Puts a text into the clipboard; without a secure address, browsers have only the old way.
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Problem("The browser does not let this page copy. Download the result.");
}
