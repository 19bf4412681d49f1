"""
Runs Python code in processes that have imported nothing of AllenNLP and of this package, but what
these import of others, which is nearly all of their start.

Each line of standard input names, as JSON, a file of code, a folder and the files of what the code
prints; the answer is a line with the exit status.
"""

import json
import os
import sys
import traceback

import boto3  # noqa: F401
import google.cloud.storage  # noqa: F401
import h5py  # noqa: F401
import huggingface_hub  # noqa: F401
import matplotlib  # noqa: F401
import nltk  # noqa: F401
import scipy.stats  # noqa: F401
import sklearn.metrics  # noqa: F401
import spacy.cli  # noqa: F401
import tensorboardX  # noqa: F401
import torchvision.models  # noqa: F401
import transformers.data.data_collator  # noqa: F401
from transformers import AutoConfig, AutoModel, AutoTokenizer  # noqa: F401


def run(code: str, folder: str, output: str, errors: str) -> int:
    """In the child: runs code as `python -c` does; the exit status."""
    for path, descriptor in ((output, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.chdir(folder)
    sys.path[0] = ""
    try:
        exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


for line in sys.stdin:
    if process := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
    else:
        status = run(*json.loads(line))
        sys.stdout.flush()
        os._exit(status)
