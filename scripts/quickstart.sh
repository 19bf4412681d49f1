#!/usr/bin/env bash
# A short tour, as in the README: tags English, then trains, evaluates and tags on the small corpus in
# fixtures/. Everything lands in build/quickstart. Run it by `make quickstart`; arguments, such as -o
# for other settings, go to `allennlp train`.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/quickstart
rm -rf "$out"
mkdir -p "$out"
# Shows a command and the last lines of its output, the number that is the first argument. All output
# goes to a log, and is shown when the command fails.
run() {
  local lines=$1
  shift
  printf '\n$ %s\n' "$*"
  "$@" >"$out/command.log" 2>&1 || { cat "$out/command.log"; exit 1; }
  tail -n "$lines" "$out/command.log"
  cat "$out/command.log" >>"$out/log"
}
# One thread: for a network as small as this one, more only wait for each other.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
model=$out/model/model.tar.gz
text=$out/english.txt

echo 'The model "english" is in the package. It tags chunks, names and two kinds of parts of speech:'
echo 'Ada Lovelace wrote to Charles Babbage in London. He answered at once.' >"$text"
run 17 bilstm-tagger tag english "$text" --output-format conll

printf '\nNow a model for parts of speech and chunks is trained. This takes about half a minute:\n'
run 4 allennlp train training_config/quickstart.jsonnet -s "$out/model" "$@"

printf '\nIts scores on the test data:\n'
run 0 allennlp evaluate "$model" fixtures/corpus/test.conll --output-file "$out/scores.json"
cat "$out/scores.json"

printf '\n\nIt tags raw text, and files with one token per line:\n'
run 1 bilstm-tagger tag "$model" fixtures/text/raw.txt -o "$out/raw.conll" --output-format conll
head -n 11 "$out/raw.conll"

run 1 bilstm-tagger tag "$model" fixtures/text/untagged.conll -o "$out/tagged.conll"
head -n 10 "$out/tagged.conll"

printf '\nThe model, the tagged files and the log are in %s\n' "$out"
