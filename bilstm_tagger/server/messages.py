"""What clients send to the server and what they get, as schemas of the API."""

from typing import Annotated, Any, Literal, Optional

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from bilstm_tagger.server.waiting import Input, TagOptions
from bilstm_tagger.tagging.prediction import Probabilities
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.errors import UserError

MAX_ALTERNATIVES = 100
Token = Annotated[str, Field(min_length=1)]
_TEXT = "Ada Lovelace wrote to Charles Babbage in London."


class NoSuchName(UserError):
    """The server has no model of a name, or the model no task."""


def _one_of(*keys: str) -> dict[str, Any]:
    """Of a schema: exactly one of these keys is there, and columns only beside tokens."""
    return {
        "oneOf": [{"required": [key]} for key in keys],
        "dependentRequired": {"columns": ["tokens"]},
    }


def _as_integer(value: Any) -> Any:
    """For JSON, 2.0 is an integer as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_probabilities(value: Any) -> Probabilities:
    if value is True or value is False or value == "all":
        return value
    raise ValueError('expected true, false or "all"')


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Content(_Message):
    text: Annotated[str, Field(default=None, description="Raw text, of any number of sentences.")]
    tokens: Annotated[
        list[Token],
        Field(default=None, min_length=1, description="One sentence that is split into tokens."),
    ]
    columns: Annotated[
        dict[str, list[str]],
        Field(
            default=None,
            description="Beside tokens: the feature columns that the model needs, if any, each "
            "with a value for every token.",
        ),
    ]

    def content(self) -> Input:
        if self.tokens is None:
            return self.text
        return TokenizedSentence(self.tokens, self.columns or {})

    def _check(self, *keys: str) -> None:
        if len(self.model_fields_set.intersection(keys)) != 1:
            *first, last = map(repr, keys)
            raise ValueError(f"expected exactly one of {', '.join(first)} and {last}")
        if self.columns is not None and self.tokens is None:
            raise ValueError("'columns' stand beside 'tokens'")


class TagInput(_Content):
    """One input of several."""

    model_config = ConfigDict(json_schema_extra=_one_of("text", "tokens"))

    @model_validator(mode="after")
    def _is_one(self) -> "TagInput":
        self._check("text", "tokens")
        return self


class TagRequest(_Content):
    """Text, or tokens, or several inputs, and what is wanted of them."""

    model_config = ConfigDict(json_schema_extra=_one_of("text", "tokens", "inputs"))

    inputs: Annotated[
        list[TagInput], Field(default=None, description="Several texts and lists of tokens.")
    ]
    model: Annotated[
        str, Field(default=None, description="The name of a model; by default the first one.")
    ]
    tasks: Annotated[
        list[str],
        Field(default=None, min_length=1, description="The tasks that are wanted; by default all."),
    ]
    probabilities: Annotated[
        Probabilities,
        PlainValidator(_as_probabilities),
        WithJsonSchema({"enum": [False, True, "all"]}),
        Field(
            description="`true`: the probabilities of the chosen tags, of spans, and of the whole "
            'sequence. `"all"`: those of every tag, too.'
        ),
    ] = False
    top_k: Annotated[
        int,
        Field(ge=0, le=MAX_ALTERNATIVES, description="How many of the best taggings are given."),
        BeforeValidator(_as_integer),
    ] = 0

    @model_validator(mode="after")
    def _is_one(self) -> "TagRequest":
        self._check("text", "tokens", "inputs")
        return self

    def contents(self) -> list[Input]:
        return [self.content()] if self.inputs is None else [x.content() for x in self.inputs]

    def options(self, tasks: list[str]) -> TagOptions:
        """What is wanted, of a model with these tasks.

        # Errors

        `NoSuchName` for a task that the model does not have.
        """
        return TagOptions(chosen_tasks(self.tasks, tasks), self.probabilities, self.top_k)


def chosen_tasks(wanted: Optional[list[str]], tasks: list[str]) -> tuple[str, ...]:
    """The tasks that are wanted of those of a model, in the order of the model.

    # Errors

    `NoSuchName` for a task that the model does not have.
    """
    for task in wanted or ():
        if task not in tasks:
            raise NoSuchName(f"There is no task {task!r:.80}; the model has {', '.join(tasks)}.")
    return tuple(task for task in tasks if wanted is None or task in wanted)


class Span(BaseModel):
    """A chunk, an entity."""

    label: str
    first_token: int = Field(description="From 0.")
    last_token: int = Field(description="The span has it, too.")
    start: Optional[int] = Field(None, description="Its first character in the raw text.")
    end: Optional[int] = Field(None, description="The character behind its last.")
    text: str
    probability: Optional[float] = Field(
        None, description="That exactly this span is in the sentence, with this label."
    )


class Alternative(BaseModel):
    """One of the best taggings of a sentence."""

    tags: list[str]
    spans: list[Span]
    probability: float


class Sentence(BaseModel):
    """A sentence with its tags. All dictionaries are from task to what it says of the sentence."""

    tokens: list[str]
    tags: dict[str, list[str]]
    spans: dict[str, list[Span]] = Field(description="Of tasks that mark spans.")
    offsets: Optional[list[tuple[int, int]]] = Field(
        None,
        description="Of raw text: of each token its first character (code point) in the text, and "
        "the one behind its last.",
    )
    probabilities: Optional[dict[str, list[float]]] = Field(
        None, description="Of the tag of each token."
    )
    sequence_probabilities: Optional[dict[str, float]] = Field(
        None, description="Of all tags of the sentence together."
    )
    distributions: Optional[dict[str, list[dict[str, float]]]] = Field(
        None, description="The probability of every tag of each token."
    )
    alternatives: Optional[dict[str, list[Alternative]]] = None


class TagResult(BaseModel):
    """What became of an input."""

    sentences: list[Sentence]


class TagAnswer(BaseModel):
    """A result for each input, in their order."""

    model: str
    results: list[TagResult]


class TaskDescription(BaseModel):
    name: str
    labels: list[str]
    encoding: Optional[str] = Field(
        description="How its labels mark spans, such as BIO; null where they are plain labels."
    )


class ModelDescription(BaseModel):
    name: str
    description: Optional[str]
    version: Optional[str]
    licence: Optional[str]
    language: str = Field(description="Of raw text.")
    tasks: list[TaskDescription]
    columns: list[str] = Field(
        description="The feature columns that tokens must have; with some, raw text is not tagged."
    )


class Models(BaseModel):
    """The models of the server; the first one is the default."""

    models: list[ModelDescription]
    max_tokens: int = Field(description="The maximum number of tokens of a request.")


class Health(BaseModel):
    status: Literal["ok"]


class Problem(BaseModel):
    """What is wrong with a request, and how to fix it."""

    detail: str


# Examples of requests, by their names.
EXAMPLES: dict[str, Any] = {
    "text": {"summary": "Raw text", "value": {"text": _TEXT}},
    "tokens": {
        "summary": "Tokens, with the names alone and their probabilities",
        "value": {
            "tokens": ["Ada", "wrote", "to", "Babbage", "."],
            "tasks": ["ner"],
            "probabilities": True,
        },
    },
    "many": {
        "summary": "Several inputs, with the two best taggings of each sentence",
        "value": {
            "inputs": [{"text": _TEXT}, {"tokens": ["He", "answered", "at", "once", "."]}],
            "top_k": 2,
        },
    },
}
