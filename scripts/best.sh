#!/usr/bin/env bash
# Trains the configs of training_config/best, three seeds each, and shows their scores:
#   scripts/best.sh MODEL [DEVICE] [CORPUS...]
# MODEL is the folder, or the name, of the transformer all-MiniLM-L6-v2; DEVICE the number of a GPU (-1,
# the default, is the CPU). For each corpus, teachers with the transformer are trained; they tag text,
# without a look at its labels; and students without it learn from that. The same command goes on after
# an interruption: what is complete in build/best is kept.
set -euo pipefail

model=${1:?usage: scripts/best.sh MODEL [DEVICE] [CORPUS...]}
device=${2:--1}
corpora=("${@:3}")
[ ${#corpora[@]} -gt 0 ] || corpora=(wnut17 ud_ewt conll2000)
seeds=${SEEDS:-3}
runs=build/best
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# The text that teachers tag: the training data, and other text of the same kind.
ewt=data/ud_english_ewt/en_ewt-ud-train.conllu
tweets=$(echo data/btc/{a,b,e,f,g}.conll)
declare -A text=(
  [wnut17]="data/wnut17/train.conll $tweets"
  [ud_ewt]="$ewt $tweets"
  [conll2000]="data/conll2000/train.txt $ewt"
)

on_device='{"trainer.cuda_device": '$device'}'
with_model='{
  "trainer.cuda_device": '$device',
  "dataset_reader.token_indexers.transformer.model_name": "'$model'",
  "model.text_field_embedder.token_embedders.transformer.embedder.model_name": "'$model'"
}'

for corpus in "${corpora[@]}"; do
  allennlp seeds "training_config/best/${corpus}_transformer.jsonnet" --seeds "$seeds" \
    --jobs "${JOBS:-1}" -s $runs -o "$with_model"
  soft=build/soft/$corpus.jsonl
  if [ ! -f "$soft" ]; then
    # Four tweets of BTC have a row without a token.
    # shellcheck disable=SC2086  (several files)
    allennlp distill $runs/"${corpus}_transformer"/seed-*/model.tar.gz --trust \
      --cuda-device "$device" --on-error skip \
      --text ${text[$corpus]} -o "$soft"
  fi
  allennlp seeds "training_config/best/${corpus}_distilled.jsonnet" --seeds "$seeds" \
    --jobs "${JOBS:-1}" -s $runs -o "$on_device"
done
allennlp distribution $runs
