#!/bin/sh
# Installs the package with all that training, search, statistics and pages need, in the versions of
# requirements.txt, and AllenNLP without its own requirements: see setup.cfg.
set -eu
cd "$(dirname "$0")/.."
# uv resolves and unpacks this many packages faster than pip.
python -m pip install --quiet uv
install() {
  python -m uv pip install --quiet --python "$(command -v python)" --compile-bytecode "$@"
}
install -c requirements.txt '.[train,text,parquet,search,report]'
install --no-deps allennlp==2.10.1
rm -rf build bilstm_tagger.egg-info
# All commands of AllenNLP know the plugin, whoever runs them.
mkdir -p "$HOME/.allennlp"
echo bilstm_tagger.plugin > "$HOME/.allennlp/plugins"
chmod -R a+rwX "$HOME"
