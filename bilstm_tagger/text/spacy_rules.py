"""The rules of a language that spaCy has, as data."""

import re
from typing import Any, Optional

from bilstm_tagger.text import raw_text
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.shared_alternatives import share_alternatives
from bilstm_tagger.text.tokenizer_rules import TokenizerRules

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def rules_of(language: str) -> TokenizerRules:
    """The rules of the installed spaCy for a language, given by its code.

    # Errors

    `UserError` where spaCy is not installed, does not know the language, or splits its text by a
    program of its own (Chinese, Japanese, Korean, Thai, Vietnamese).
    """
    pipeline = raw_text.spacy_pipeline(language)
    from spacy.symbols import ORTH
    from spacy.tokenizer import Tokenizer

    tokenizer = pipeline.tokenizer
    if type(tokenizer) is not Tokenizer:
        raise UserError(
            f"the tokenizer of the language {language!r} is a program, not rules, and cannot be "
            "exported; leave the language out: raw text is split by spaCy then"
        )
    token_match = _source(tokenizer.token_match)
    sentencizer: Any = pipeline.get_pipe("sentencizer")
    return TokenizerRules(
        language,
        {string: [token[ORTH] for token in tokens] for string, tokens in tokenizer.rules.items()},
        prefix=_source(tokenizer.prefix_search),
        suffix=_source(tokenizer.suffix_search),
        infix=_source(tokenizer.infix_finditer),
        token_match=token_match and (share_alternatives(token_match) or token_match),
        url_match=_source(tokenizer.url_match),
        sentence_ends=sorted(sentencizer.punct_chars),
    )


def _source(method: Any) -> Optional[str]:
    """The source of the pattern that has a method, with its flags."""
    if method is None:
        return None
    pattern: re.Pattern[str] = method.__self__
    if pattern.flags == re.compile(pattern.pattern).flags:
        return pattern.pattern
    flags = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
    return f"(?{flags}:{pattern.pattern})"
