"""An HTTP server that tags. It needs the extra `serve`."""

# `--include-package bilstm_tagger` imports all modules in the first folder of a package. No config
# names anything of the server, and its libraries need not be there: its first folder is none.
__path__.insert(0, __file__)
