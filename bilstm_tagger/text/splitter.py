"""What splits raw text: rules of a model, or spaCy."""

from typing import Literal, Optional, get_args

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.raw_text import SpacySplitter, Splitter
from bilstm_tagger.text.tokenizer import Tokenizer
from bilstm_tagger.text.tokenizer_rules import TokenizerRules

# The rules that there are, if they are those of the language, else spaCy's; or always spaCy's.
TokenizerChoice = Literal["auto", "spacy"]


def splitter_of(
    rules: Optional[TokenizerRules], language: Optional[str], choice: TokenizerChoice
) -> tuple[Splitter, str]:
    """What splits raw text of a language, and the language. `None`: that of the rules; English, if
    there are none.

    # Errors

    `UserError` for another choice.
    """
    if choice not in get_args(TokenizerChoice):
        raise UserError(f"'tokenizer' must be 'auto' or 'spacy', found {choice!r:.80}")
    if language is None:
        language = "en" if rules is None else rules.language
    if choice == "auto" and rules is not None and rules.language == language:
        return Tokenizer(rules), language
    return SpacySplitter(language), language
