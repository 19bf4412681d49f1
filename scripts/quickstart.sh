#!/usr/bin/env bash
# Trains, evaluates and tags on the small corpus in fixtures/: the commands of the README, in order.
# Everything lands in build/quickstart. Run it by `make quickstart`.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/quickstart
rm -rf "$out"
mkdir -p "$out"
# The progress goes to a log: what a command has to say is shown when it fails.
run() {
  printf '\n$ %s\n' "$*"
  "$@" >"$out/command.log" 2>&1 || { cat "$out/command.log"; exit 1; }
  cat "$out/command.log" >>"$out/log"
}
# One thread: for a network as small as this one, more only wait for each other.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
model=$out/model/model.tar.gz

run allennlp train training_config/quickstart.jsonnet -s "$out/model" --include-package bilstm_tagger

run allennlp evaluate "$model" fixtures/corpus/test.conll --output-file "$out/scores.json" \
  --include-package bilstm_tagger
cat "$out/scores.json"; echo

run allennlp predict "$model" fixtures/text/raw.txt --predictor text_to_conll --silent \
  --batch-size 32 --output-file "$out/raw.conll" --include-package bilstm_tagger
head -n 24 "$out/raw.conll"

run allennlp predict "$model" fixtures/text/untagged.conll --predictor conll_to_conll --silent \
  --batch-size 32 --use-dataset-reader --output-file "$out/tagged.conll" \
  --include-package bilstm_tagger
head -n 20 "$out/tagged.conll"

printf '\nThe model, the tagged files and the log are in %s\n' "$out"
