#!/usr/bin/env bash
# Makes the English model of the package: three trainings, a model file of each with temperatures
# that fit the development data, their scores, and the card. Trainings that are complete are kept;
# remove build/english to begin anew.
set -euo pipefail

data=${1:-data}
build=build/english
runs=$build/runs
export OMP_NUM_THREADS=1

python scripts/english_data.py --data "$data" --out $build
allennlp seeds training_config/english.jsonnet --seeds 3 --jobs "${JOBS:-1}" -s $runs

dev='{"ewt": "'$data'/ud_english_ewt/en_ewt-ud-dev.conllu",
  "conll2000": "'$data'/conll2000/dev.txt",
  "uner": "'$build'/uner-dev.conll",
  "btc": "'$build'/btc-dev.conll",
  "wikigold": "'$build'/wikigold-dev.conll"}'
for seed in 1 2 3; do
  allennlp export $runs/english/seed-$seed/model.tar.gz -o $build/raw-$seed.safetensors \
    --half-words --language en --sentences sentence --tasks upos,xpos,chunk,ner,sentence \
    --about name=english --about version=1.0 --about language=en \
    --about 'description=Parts of speech (UPOS, XPOS), chunks, and names (PER, ORG, LOC) of English' \
    --about licence=CC-BY-SA-4.0 \
    --about 'data=UD English EWT, CoNLL-2000, UNER English EWT, Broad Twitter Corpus, WikiGold, WNUT-17'
  bilstm-tagger calibration $build/raw-$seed.safetensors "$dev" --fit $build/seed-$seed.safetensors \
    --output-file $build/calibration-$seed.json
done

python scripts/english_scores.py --data "$data" --runs $runs/english --models $build --out models
python scripts/english_card.py
