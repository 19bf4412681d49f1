"""`python -m bilstm_tagger`: the command `bilstm-tagger`."""

from bilstm_tagger.command_line import main

# `--include-package` of AllenNLP imports this module, too.
if __name__ == "__main__":
    main()
