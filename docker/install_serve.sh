#!/bin/sh
# Installs the package with its server, in the versions of requirements.txt.
set -eu
cd "$(dirname "$0")/.."
python -m pip install --quiet -c requirements.txt '.[serve]'
rm -rf build bilstm_tagger.egg-info
