#!/usr/bin/env bash
# Makes the English model of the package: three teachers, the labels that most of them give to more
# text, three trainings on gold and on these, a model file of each with temperatures that fit the
# development data, their scores, and the card. Trainings that are complete are kept; remove
# build/english to begin anew.
set -euo pipefail

data=${1:-data}
build=build/english
runs=$build/runs
export OMP_NUM_THREADS=1

# train CONFIG: three seeds of training_config/CONFIG.jsonnet.
train() {
  allennlp seeds "training_config/$1.jsonnet" --seeds 3 --jobs "${JOBS:-1}" -s $runs
}
# export_model CONFIG SEED TASKS FILE [more options]
export_model() {
  allennlp export "$runs/$1/seed-$2/model.tar.gz" --tasks "$3" -o "$4" --half-words --language en "${@:5}"
}

python scripts/english_data.py --data "$data" --out $build

train english_teachers
mkdir -p $build/teachers
for seed in 1 2 3; do
  export_model english_teachers $seed upos,xpos,ner $build/teachers/seed-$seed.safetensors
done
python scripts/english_silver.py --data "$data" --out $build

train english
dev='{"ewt": "'$data'/ud_english_ewt/en_ewt-ud-dev.conllu",
  "conll2000": "'$data'/conll2000/dev.txt",
  "uner": "'$build'/uner-dev.conll",
  "btc": "'$build'/btc-dev.conll",
  "wikigold": "'$build'/wikigold-dev.conll"}'
for seed in 1 2 3; do
  export_model english $seed upos,xpos,chunk,ner,sentence $build/raw-$seed.safetensors \
    --sentences sentence --about name=english --about version=1.0 --about language=en \
    --about 'description=Parts of speech (UPOS, XPOS), chunks, and names (PER, ORG, LOC) of English' \
    --about licence=CC-BY-SA-4.0 \
    --about 'data=UD English EWT, CoNLL-2000, UNER English EWT, Broad Twitter Corpus, WikiGold, WNUT-17'
  bilstm-tagger calibration $build/raw-$seed.safetensors "$dev" --fit $build/seed-$seed.safetensors \
    --output-file $build/calibration-$seed.json
done

python scripts/english_scores.py --data "$data" --runs $runs/english --models $build --out models
python scripts/english_card.py
