"""Raw text to sentences and tokens, by rules that are data.

The tokens and sentences are those of spaCy's rule-based tokenizer and its sentencizer, which take
much longer to import.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Optional

from bilstm_tagger.text.affixes import affix_length, strip_affixes
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.memo import remember
from bilstm_tagger.text.raw_text import RawSentence
from bilstm_tagger.text.sentence_starts import cut, sentence_starts
from bilstm_tagger.text.tokenizer_rules import TokenizerRules

_CHUNKS = re.compile(r"\S+|\s+")
# Longer ones seldom come again.
_MAX_KEPT = 64
# Longer ones are no addresses: the time of the expression for these grows with the square of the
# length, to hours for a megabyte without blanks.
_LONGEST_URL = 2_048
# Kinds of chunks, as bits: white space; what has a token that a phrase may start with.
_SPACE, _PHRASE = 1, 2
# In a trie of phrases, what ends one. No token is empty.
_END = ""

Trie = dict[str, Any]
NO_EXCEPTIONS: Mapping[str, Sequence[str]] = {}


class Tokenizer:
    """Splits raw text by the rules of a language. White space is no token; nothing else is left
    out.

    Several threads may use a tokenizer at once, and it can be sent to other processes.

    # Parameters

    rules : `TokenizerRules`
    """

    def __init__(self, rules: TokenizerRules) -> None:
        self.rules = rules
        self._ends = frozenset(rules.sentence_ends)
        # What is between blanks to its tokens and its kind.
        self._memo: dict[str, tuple[Sequence[str], int]] = {}

    def __reduce__(self) -> tuple[type, tuple[TokenizerRules]]:
        return type(self), (self.rules,)

    def prepare(self) -> None:
        """Makes ready what splits raw text.

        # Errors

        `UserError` for a rule that is no regular expression.
        """
        _ = self._phrases, self._prefix, self._suffix, self._infix
        _ = self._token_match, self._url_match

    def split(self, texts: Sequence[str]) -> list[list[RawSentence]]:
        """Splits raw texts into sentences and tokens."""
        return [
            cut(tokens, sentence_starts(text, tokens, self._ends))
            for text, tokens in zip(texts, map(self.tokenize, texts), strict=True)
        ]

    def tokenize(self, text: str) -> RawSentence:
        """Splits the raw text of one sentence into tokens. There are none in white space."""
        memo = self._memo
        tokens: list[str] = []
        offsets: list[tuple[int, int]] = []
        kinds = position = 0
        for chunk in _CHUNKS.findall(text):
            # A blank behind a word is no token; what follows it in white space is.
            if position and chunk == " ":
                position += 1
                continue
            if position and chunk[0] == " ":
                position += 1
                chunk = chunk[1:]
            pieces, kind = memo.get(chunk) or self._read(chunk)
            kinds |= kind
            for token in pieces:
                end = position + len(token)
                tokens.append(token)
                offsets.append((position, end))
                position = end
        if kinds & _PHRASE:
            tokens, offsets = self._with_phrases(text, tokens, offsets)
        if kinds & _SPACE:
            words = [index for index, token in enumerate(tokens) if not token.isspace()]
            return RawSentence([tokens[i] for i in words], [offsets[i] for i in words])
        return RawSentence(tokens, offsets)

    def _read(self, chunk: str) -> tuple[Sequence[str], int]:
        """The tokens of a run of white space, or of other characters; and its kind, of bits."""
        pieces = self._split_chunk(chunk, self.rules.exceptions)
        kind = _SPACE * chunk.isspace()
        kind |= _PHRASE * (not self._phrases.keys().isdisjoint(pieces))
        if len(chunk) <= _MAX_KEPT:
            remember(self._memo, chunk, (pieces, kind))
        return pieces, kind

    def _split_chunk(self, chunk: str, exceptions: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """The tokens of what stands between blanks."""
        if chunk in exceptions:
            return exceptions[chunk]
        longest = self._longest if exceptions else 0
        prefixes, rest, suffixes = strip_affixes(
            chunk, self._prefix, self._suffix, self._token_match, longest + 1
        )
        length = 0
        while rest and len(rest) != length:
            if _matches(self._token_match, rest) or rest in exceptions:
                break
            length = len(rest)
            before = affix_length(self._prefix, rest)
            if before and rest[before:] in exceptions:
                prefixes.append(rest[:before])
                rest = rest[before:]
                break
            behind = length - affix_length(self._suffix, rest[before:])
            if behind < length and rest[:behind] in exceptions:
                suffixes.append(rest[behind:])
                rest = rest[:behind]
                break
            if before:
                prefixes.append(rest[:before])
            if behind < length:
                suffixes.append(rest[behind:])
            rest = rest[before:behind]
        if rest in exceptions:
            prefixes += exceptions[rest]
        elif rest:
            prefixes += [rest] if _matches(self._token_match, rest) else self._split_rest(rest)
        prefixes += reversed(suffixes)
        return prefixes

    def _split_rest(self, string: str) -> list[str]:
        """Splits what has neither prefixes nor suffixes."""
        tokens = []
        last = 0
        for match in self._infixes(string):
            start, end = match.span()
            if start == 0:
                continue
            if start != last:
                tokens.append(string[last:start])
            if start != end:
                tokens.append(string[start:end])
            last = end
        # Asked last, for few strings would be split.
        if last == 0 or len(string) <= _LONGEST_URL and _matches(self._url_match, string):
            return [string]
        if last < len(string):
            tokens.append(string[last:])
        return tokens

    def _with_phrases(
        self, text: str, tokens: list[str], offsets: list[tuple[int, int]]
    ) -> tuple[list[str], list[tuple[int, int]]]:
        """Puts exceptions that prefixes, suffixes and infixes have split together again."""
        ends: dict[int, int] = {}
        for first, behind in _without_overlap(_matches_of(self._phrases, tokens)):
            if text[offsets[first][0] : offsets[behind - 1][1]] in self.rules.exceptions:
                ends[first] = behind
        if not ends:
            return tokens, offsets
        joined: list[str] = []
        places: list[tuple[int, int]] = []
        index = 0
        while index < len(tokens):
            behind = ends.get(index, 0)
            if not behind:
                joined.append(tokens[index])
                places.append(offsets[index])
                index += 1
                continue
            position = offsets[index][0]
            for token in self.rules.exceptions[text[position : offsets[behind - 1][1]]]:
                joined.append(token)
                places.append((position, position + len(token)))
                position += len(token)
            index = behind
        return joined, places

    @cached_property
    def _phrases(self) -> Trie:
        """The tokens that exceptions with prefixes, suffixes and infixes are split into."""
        trie: Trie = {}
        for string, exception in self.rules.exceptions.items():
            if not (
                affix_length(self._prefix, string)
                or affix_length(self._suffix, string)
                or any(True for _ in self._infixes(string))
                or " " in string
            ):
                continue
            tokens: list[str] = []
            for chunk in _CHUNKS.findall(string):
                if chunk[0] == " " and tokens:
                    chunk = chunk[1:]
                if chunk:
                    tokens += self._split_chunk(chunk, NO_EXCEPTIONS)
            if tokens == exception and len(tokens) == 1:  # it would become itself
                continue
            node = trie
            for token in tokens:
                node = node.setdefault(token, {})
            node[_END] = True
        return trie

    @cached_property
    def _longest(self) -> int:
        """The number of characters of the longest exception."""
        return max(map(len, self.rules.exceptions), default=0)

    # Each expression is compiled when it is first needed.

    @cached_property
    def _prefix(self) -> Optional[re.Pattern[str]]:
        return self._compiled("prefix")

    @cached_property
    def _suffix(self) -> Optional[re.Pattern[str]]:
        return self._compiled("suffix")

    @cached_property
    def _infix(self) -> Optional[re.Pattern[str]]:
        return self._compiled("infix")

    @cached_property
    def _token_match(self) -> Optional[re.Pattern[str]]:
        return self._compiled("token_match")

    @cached_property
    def _url_match(self) -> Optional[re.Pattern[str]]:
        return self._compiled("url_match")

    def _infixes(self, string: str) -> Iterable[re.Match[str]]:
        return () if self._infix is None else self._infix.finditer(string)

    def _compiled(self, key: str) -> Optional[re.Pattern[str]]:
        pattern = getattr(self.rules, key)
        try:
            return None if pattern is None else re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise UserError(
                f"the rules of the tokenizer: '{key}' is no regular expression "
                f"({str(error)!a:.200}); export the model again, or split text by spaCy "
                "(tokenizer 'spacy')"
            ) from None


def _matches(pattern: Optional[re.Pattern[str]], string: str) -> bool:
    return pattern is not None and pattern.match(string) is not None


def _matches_of(phrases: Trie, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """The first token of each phrase among tokens, and the one behind its last."""
    spans = []
    for first in [index for index, token in enumerate(tokens) if token in phrases]:
        node = phrases[tokens[first]]
        behind = first + 1
        while node is not None:
            if _END in node:
                spans.append((first, behind))
            node = node.get(tokens[behind]) if behind < len(tokens) else None
            behind += 1
    return spans


def _without_overlap(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of spans, longer ones go first, then earlier ones. Those that give way cover their tokens
    all the same."""
    covered: set[int] = set()
    chosen = []
    for first, behind in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if first not in covered and behind - 1 not in covered:
            chosen.append((first, behind))
        covered.update(range(first, behind))
    return chosen
