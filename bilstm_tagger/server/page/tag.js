// Tags a text. A long one goes to the server in pieces, since a request takes only so much; so the
// first sentences are there soon, too.
import { ask } from "./api.js";

// Characters of a piece. A server takes fewer tokens at a time if it says so, and a token has a
// character at least.
const SIZE = 20_000;
// Where a text is cut: best between paragraphs, then between sentences, lines, words.
const BREAKS = [/\n\s*\n/g, /[.!?。！？]["'”’)\]]*\s/g, /\n/g, /\s/g];

// Where the first piece of a text that is too long ends.
function endOfPiece(text, size) {
  const start = text.slice(0, size);
  for (const pattern of BREAKS) {
    const last = [...start.matchAll(pattern)].at(-1);
    const end = last && last.index + last[0].length;
    if (end > size / 2) return end;
  }
  // No character of two units is cut.
  return /[\ud800-\udbff]$/.test(start) && size > 1 ? size - 1 : size;
}

export function piecesOf(text, maxTokens = SIZE) {
  const size = Math.min(SIZE, maxTokens);
  const pieces = [];
  for (let rest = text; rest; rest = rest.slice(pieces.at(-1).length)) {
    pieces.push(rest.length > size ? rest.slice(0, endOfPiece(rest, size)) : rest);
  }
  return pieces;
}

// Makes the positions of a sentence those in the whole text.
function shift(sentence, by) {
  if (!by) return;
  sentence.offsets = sentence.offsets.map(([start, end]) => [start + by, end + by]);
  for (const span of Object.values(sentence.spans).flat()) {
    span.start += by;
    span.end += by;
  }
}

// The sentences of each piece, as they come, and the text up to its end. `given`: the other keys of
// a request; `maxTokens`: what a request may have.
export async function* tagPieces(text, given, signal, maxTokens) {
  let points = 0;
  let end = 0;
  for (const piece of piecesOf(text, maxTokens)) {
    const [{ sentences }] = (await ask("tag", { ...given, text: piece }, signal)).results;
    for (const sentence of sentences) shift(sentence, points);
    end += piece.length;
    yield { sentences, text: text.slice(0, end) };
    for (const _ of piece) points += 1;
  }
}
