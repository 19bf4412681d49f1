"""The command `serve`: an HTTP server that tags."""

import argparse
import dataclasses
import ipaddress
import math
import os
import socket
import sys
from pathlib import Path
from typing import Optional

from bilstm_tagger.server.settings import MEBIBYTE, Limits
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

DESCRIPTION = (
    "Serve models over HTTP: an API for programs (described at /docs) and a page for people (/)."
)
# In the list of processes of a machine everybody reads the arguments of a command.
TOKEN_VARIABLE = "BILSTM_TAGGER_TOKEN"


def add_serve_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `serve`, and what it does, to a parser."""
    add = parser.add_argument
    add(
        "models",
        nargs="+",
        metavar="MODEL",
        help="the name of a model, a model file, or model.tar.gz; NAME=MODEL gives it a name. The "
        "first one is the default",
    )
    add(
        "--host",
        default="127.0.0.1",
        help="the address to listen on (default: %(default)s, which this machine alone can reach; "
        "0.0.0.0 is every network that it is in)",
    )
    add("--port", type=int, default=8000, help="default: %(default)s; 0: any that is free")
    add(
        "--token-file",
        metavar="FILE",
        help="a file with the token that clients must send (default: the variable "
        f"{TOKEN_VARIABLE} of the environment, if it is set; else they need none)",
    )
    add(
        "--batch-wait",
        type=float,
        default=2.0,
        metavar="MS",
        help="how many milliseconds a request waits for others that are tagged together with it "
        "(default: %(default)g)",
    )
    add(
        "--max-body",
        type=float,
        metavar="MIB",
        default=Limits.body / MEBIBYTE,
        help="the maximum size of a request (default: %(default)g)",
    )
    add(
        "--max-file",
        type=float,
        metavar="MIB",
        default=Limits.file / MEBIBYTE,
        help="the maximum size of a file to be tagged (default: %(default)g)",
    )
    add(
        "--max-tokens",
        type=int,
        metavar="N",
        default=Limits.tokens,
        help="the maximum number of tokens of a request (default: %(default)s)",
    )
    add("--language", help="of raw text (default: that of the rules in the model file, or en)")
    add("--vectors", metavar="FILE", help="word vectors for words that training has not seen")
    add(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="the number of threads of each model; more than one is seldom faster",
    )
    add(
        "--trust",
        action="store_true",
        help="load archives that name components of other packages: they may run anything",
    )
    parser.set_defaults(func=run_serve)


def run_serve(args: argparse.Namespace) -> None:
    """Serves until it is interrupted or terminated.

    # Errors

    `UserError` for models that cannot be loaded, options that make no sense, an address that is
    taken, and where the extra is not installed.
    """
    try:
        from bilstm_tagger.server.app import make_app
        from bilstm_tagger.server.models import model_names
        from bilstm_tagger.server.running import run
    except ImportError as error:
        raise missing("FastAPI", "serve", "The server") from error
    from bilstm_tagger.tagging.tagger import Tagger

    for option, minimum in {"batch_wait": 0, "max_body": 1, "max_file": 1, "max_tokens": 1}.items():
        value = getattr(args, option)
        if not minimum <= value < math.inf:  # so it is no NaN, either
            name = f"--{option.replace('_', '-')}"
            raise UserError(f"{name} must be a number from {minimum}, found {value:g}")
    limits = dataclasses.replace(
        Limits(),
        body=int(args.max_body * MEBIBYTE),
        file=int(args.max_file * MEBIBYTE),
        tokens=args.max_tokens,
    )
    token = read_token(args.token_file)
    with listen(args.host, args.port) as listener:
        taggers = {
            name: Tagger.load(
                model,
                trust=args.trust,
                vectors=args.vectors,
                language=args.language,
                threads=args.threads,
            )
            for name, model in model_names(args.models).items()
        }
        app = make_app(taggers, limits, args.batch_wait / 1_000, token)
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        print(f"{', '.join(taggers)} at {address} (the API: {address}/docs)", file=sys.stderr)
        if token is None and not ipaddress.ip_address(host).is_loopback:
            fix = f"set a token by --token-file or {TOKEN_VARIABLE}"
            print(f"Whoever reaches this address can use the server; {fix}.", file=sys.stderr)
        run(app, listener, limits)


def read_token(path: Optional[str]) -> Optional[str]:
    """The token of a file, or of the environment.

    # Errors

    `UserError` for a file that cannot be read, and for a token that is empty or that a header
    cannot have.
    """
    if path is None:
        source, token = TOKEN_VARIABLE, os.environ.get(TOKEN_VARIABLE)
        if token is None:
            return None
    else:
        source = path
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"the token cannot be read: {error}", path) from None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UserError(f"{source}: a token has letters, digits and signs of ASCII, and no blanks")
    return token


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address.

    # Errors

    `UserError` for an address that is taken, or is not one of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Of the port, `getaddrinfo` takes the last 16 bits: 70000 would be 4464.
        return socket.create_server((address[0], port), family=family, backlog=1_024)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"cannot listen on {host}, port {port}: {error}; choose others by --host and --port"
        ) from None
