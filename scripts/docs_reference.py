"""A hook of MkDocs: the parts of the reference that are made from the code when the site is built:
the commands, from their parsers, and what is registered with AllenNLP."""

import argparse
import inspect
import os
import re
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from bilstm_tagger import command_line

Parsers = dict[str, argparse.ArgumentParser]


def _subparsers(parser: argparse.ArgumentParser) -> Parsers:
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return action.choices


def own_parsers() -> Parsers:
    """The parser of each command of `bilstm-tagger`."""
    return {
        name: _subparsers(command_line.make_parser([name]))[name]
        for name in _subparsers(command_line.make_parser([]))
    }


def allennlp_parsers() -> Parsers:
    """The parser of each command that this package adds to `allennlp`."""
    from allennlp.commands import ArgumentParserWithDefaults
    from allennlp.commands.subcommand import Subcommand

    import bilstm_tagger.plugin  # noqa: F401

    subparsers = ArgumentParserWithDefaults(prog="allennlp").add_subparsers()
    commands = [(name, Subcommand.by_name(name)) for name in sorted(Subcommand.list_available())]
    return {
        name: command().add_subparser(subparsers)
        for name, command in commands
        if command.__module__.startswith("bilstm_tagger.")
    }


def _markdown(text: str) -> str:
    """Plain text in which only back quotes mean something."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_<>\[\]{}|#])", r"\\\1", part)
        for part in parts
    )


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if action.dest != "help" and action.help != argparse.SUPPRESS:
            yield action


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The description of a command, its usage, and its arguments as a definition list."""
    formatter = argparse.HelpFormatter(parser.prog)
    places = " ".join(
        formatter._format_args(action, action.dest.upper())
        for action in _arguments(parser)
        if not action.option_strings
    )
    yield _markdown(parser.description or "")
    yield f"```\n{parser.prog} [options] {places}\n```"
    for action in _arguments(parser):
        meaning = formatter._expand_help(action)
        has_value = action.nargs != 0 and action.default not in (None, "", [], (), False)
        if has_value and action.default != argparse.SUPPRESS and "default" not in meaning:
            meaning += f" (default = {action.default})"
        yield f"`{formatter._format_action_invocation(action)}`\n:   {_markdown(meaning)}"


def _table(parsers: Parsers, program: str, summaries: dict[str, str]) -> str:
    rows = [f"| [`{name}`](#{program}-{name}) | {_markdown(summaries[name])} |" for name in parsers]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def commands_of_bilstm_tagger() -> str:
    """The reference of `bilstm-tagger`."""
    parsers = own_parsers()
    summaries = {name: command.help for name, command in command_line._COMMANDS.items()}
    parts = [_table(parsers, "bilstm-tagger", summaries)]
    for name, parser in parsers.items():
        parts += [f"### bilstm-tagger {name}", *_command(parser)]
    return "\n\n".join(parts)


def commands_of_allennlp() -> str:
    """The reference of the commands of `allennlp`. Those that are commands of `bilstm-tagger`, too,
    are described there."""
    from allennlp.commands.subcommand import Subcommand

    parsers, own = allennlp_parsers(), own_parsers()
    summaries = {}
    parts = []
    for name, parser in parsers.items():
        summaries[name] = (inspect.getdoc(Subcommand.by_name(name)) or "").partition("\n\n")[0]
        parts.append(f"### allennlp {name}")
        names = [action.dest for action in _arguments(parser)]
        if name in own and names == [action.dest for action in _arguments(own[name])]:
            described = f"[`bilstm-tagger {name}`](#bilstm-tagger-{name})"
            parts.append(f"The same as {described}, with the same options.")
        else:
            parts += _command(parser)
    return "\n\n".join([_table(parsers, "allennlp", summaries), *parts])


def registered_components() -> str:
    """What mkdocstrings is to show of the classes that this package registers with AllenNLP, by
    their base class. The commands are left out."""
    from allennlp.commands.subcommand import Subcommand
    from allennlp.common import Registrable

    import bilstm_tagger.plugin  # noqa: F401

    registry = sorted(Registrable._registry.items(), key=lambda item: item[0].__name__)
    parts = []
    for base, entries in registry:
        names = {
            component: name
            for name, (component, _) in sorted(entries.items())
            if _is_own(component) and base is not Subcommand
        }
        if not names:
            continue
        parts.append(f"### {base.__name__}")
        # Bases that have parameters which their subclasses do not repeat.
        bases = {parent for component in names for parent in component.__mro__[1:]}
        described = [parent for parent in bases if _is_own(parent) and _has_parameters(parent)]
        names = {parent: parent.__name__ for parent in described} | names
        parts += [_component(component, name) for component, name in names.items()]
    return "\n\n".join(parts)


def _is_own(component: type) -> bool:
    return component.__module__.startswith("bilstm_tagger.plugin.")


def _has_parameters(component: type) -> bool:
    return "\n# Parameters\n" in (inspect.getdoc(component) or "")


def _component(component: type, name: str) -> str:
    # Without a list of parameters in the docstring of any class, the signature is shown.
    signature = str(not any(map(_has_parameters, component.__mro__))).lower()
    return "\n".join(
        [
            f"::: {component.__module__}.{component.__qualname__}",
            "    options:",
            f"      heading: {name}",
            f"      toc_label: {name}",
            "      heading_level: 4",
            "      members: false",
            f"      separate_signature: {signature}",
            f"      show_signature: {signature}",
        ]
    )


_PARTS = {
    "<!-- commands of bilstm-tagger -->": commands_of_bilstm_tagger,
    "<!-- commands of allennlp -->": commands_of_allennlp,
    "<!-- registered components -->": registered_components,
}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Puts the parts in the place of their comments."""
    os.environ["PYTHON_COLORS"] = "0"  # of argparse
    for comment, make in _PARTS.items():
        if comment in markdown:
            markdown = markdown.replace(comment, make())
    return markdown
