"""The rules by which raw text of a language is split into tokens and sentences, as data."""

from typing import Annotated, Optional

import msgspec

# Those of French, the longest that spaCy has, are shorter once they are exported.
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=2**18)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class TokenizerRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `Tokenizer` needs of a language. The rules mean what they mean to spaCy's tokenizer.

    The regular expressions are those of Python's `re`. They are compiled when a text is split, for
    that takes longer than all else: what is wrong with one of them is an error then.

    # Parameters

    language : `str`
        The code of the language, such as `"en"`.
    exceptions : `Dict[str, List[str]]`
        Strings that are split as it is said here, and the tokens of each, which make up the string.
    prefix, suffix : `str`, optional (default=`None`)
        Regular expressions of what is split off the start and the end of a word, again and again.
    infix : `str`, optional (default=`None`)
        The regular expression of what splits the rest of a word.
    token_match : `str`, optional (default=`None`)
        The regular expression of what is one token, matched at the start of a string.
    url_match : `str`, optional (default=`None`)
        The same for what is left of a word without its prefixes and suffixes.
    sentence_ends : `List[str]`
        The tokens that end a sentence.

    # Errors

    `ValueError` for tokens that are not those of their string.
    """

    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,8}\Z")]
    exceptions: Annotated[dict[Token, list[Token]], msgspec.Meta(max_length=2**16)] = {}
    prefix: Optional[Pattern] = None
    suffix: Optional[Pattern] = None
    infix: Optional[Pattern] = None
    token_match: Optional[Pattern] = None
    url_match: Optional[Pattern] = None
    sentence_ends: Annotated[list[Token], msgspec.Meta(max_length=10_000)] = []

    def __post_init__(self) -> None:
        for string, tokens in self.exceptions.items():
            if "".join(tokens) != string:
                raise ValueError(f"the tokens of the exception {string!a} are {tokens!a:.80}")
            # Sentences are cut by the white space between tokens.
            if len(tokens) > 1 and any(map(str.isspace, tokens)):
                raise ValueError(f"a token of the exception {string!a} is white space alone")
