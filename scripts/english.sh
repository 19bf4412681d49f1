#!/usr/bin/env bash
# Makes the English model of the package:
#   scripts/english.sh [DATA] [TRANSFORMER]
# A teacher with a transformer (the folder or the name of all-MiniLM-L6-v2) is trained, and tags the
# text of the training data. Three models without a transformer learn from that, mixed with the
# annotations. Then come a model file of each, with temperatures that fit the development data, their
# scores, and the card. What is complete is kept; remove build/english to begin anew.
set -euo pipefail

data=${1:-data}
transformer=${2:-sentence-transformers/all-MiniLM-L6-v2}
build=build/english
runs=$build/runs
export OMP_NUM_THREADS=1

python scripts/english_data.py --data "$data" --out $build
teacher=training_config/best/english_teacher.jsonnet
allennlp seeds $teacher --seeds 1 -s $runs -o '{
  "dataset_reader.token_indexers.transformer.model_name": "'"$transformer"'",
  "model.text_field_embedder.token_embedders.transformer.embedder.model_name": "'"$transformer"'"
}'
soft=$build/soft.jsonl
if [ ! -f $soft ]; then
  allennlp distill $runs/english_teacher/seed-1/model.tar.gz --trust \
    --tasks upos,xpos,chunk,ner --text $build/text.jsonl -o $soft
fi
python scripts/english_labels.py --config $teacher --soft $soft --out $build/train.jsonl
allennlp seeds training_config/english.jsonnet --seeds 3 --jobs "${JOBS:-1}" -s $runs

dev='{"ewt": "'$data'/ud_english_ewt/en_ewt-ud-dev.conllu",
  "conll2000": "'$data'/conll2000/dev.txt",
  "uner": "'$build'/uner-dev.conll",
  "btc": "'$build'/btc-dev.conll",
  "wikigold": "'$build'/wikigold-dev.conll"}'
for seed in 1 2 3; do
  allennlp export $runs/english/seed-$seed/model.tar.gz -o $build/raw-$seed.safetensors \
    --half-words --language en --sentences sentence --tasks upos,xpos,chunk,ner,sentence \
    --about name=english --about version=1.2 --about language=en \
    --about 'description=Parts of speech (UPOS, XPOS), chunks, and names (PER, ORG, LOC) of English' \
    --about licence=CC-BY-SA-4.0 \
    --about 'data=UD English EWT, CoNLL-2000, UNER English EWT, Broad Twitter Corpus, WikiGold, WNUT-17'
  bilstm-tagger calibration $build/raw-$seed.safetensors "$dev" --fit $build/seed-$seed.safetensors \
    --output-file $build/calibration-$seed.json
done

python scripts/english_scores.py --data "$data" --runs $runs/english --models $build --out models
python scripts/english_card.py
