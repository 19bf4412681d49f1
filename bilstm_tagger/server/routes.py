"""What tags: the addresses for text and tokens, and for files."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import Future
from typing import Annotated, Any, Optional, TypeVar

import msgspec
from fastapi import APIRouter, Body, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bilstm_tagger.server.clients import until_done_or_left
from bilstm_tagger.server.files import FileTagger
from bilstm_tagger.server.messages import (
    EXAMPLES,
    NoSuchName,
    Problem,
    TagAnswer,
    TagRequest,
    chosen_tasks,
)
from bilstm_tagger.server.models import ServedModel
from bilstm_tagger.server.settings import Limits
from bilstm_tagger.tagging.files.input_forms import INPUT_FORMS, OUTPUT_FORMS
from bilstm_tagger.text.errors import UserError

_JSON = "application/json"
_FILE_PARAMETERS = ("name", "model", "tasks", "input_format", "output_format")
Result = TypeVar("Result")
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON in UTF-8."},
    404: {"model": Problem, "description": "There is no such model, or task."},
    408: {"model": Problem, "description": "The body did not come in time."},
    413: {"model": Problem, "description": "The request is too large."},
    415: {"model": Problem, "description": "The body is not called JSON."},
    422: {"model": Problem, "description": "The request is not what was expected."},
    503: {"model": Problem, "description": "Too many requests wait. Try again later."},
}


class _TagRoute(APIRoute):
    """A route that reads and checks its body by itself, which takes less time. FastAPI makes its
    description."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handle(request: Request) -> Response:
            media_type = request.headers.get("content-type", _JSON).partition(";")[0].strip()
            if media_type.lower() != _JSON:
                fix = f"send the header 'Content-Type: {_JSON}'"
                raise HTTPException(415, f"The body must be JSON, found {media_type:.80}: {fix}.")
            try:
                content = TagRequest.model_validate_json(await request.body())
            except ValidationError as error:
                raise RequestValidationError(error.errors(include_url=False)) from None
            response: Response = await self.endpoint(content, request)
            return response

        return handle


def add_tagging(router: APIRouter, models: Mapping[str, ServedModel], limits: Limits) -> None:
    """Adds the addresses that tag with models, by name; the first one is the default."""
    tag_file = FileTagger(limits)

    def model_of(name: Optional[str]) -> tuple[str, ServedModel]:
        name = next(iter(models)) if name is None else name
        if name not in models:
            raise NoSuchName(
                f"There is no model {name!r:.80}; this server has {', '.join(models)}."
            )
        return name, models[name]

    async def tag(
        content: Annotated[TagRequest, Body(openapi_examples=EXAMPLES)], request: Request
    ) -> Response:
        """Tags a text, a sentence of tokens, or several of both."""
        name, model = model_of(content.model)
        tagger = model.tagger
        inputs = content.contents()
        if tagger.specification.feature_columns and any(isinstance(x, str) for x in inputs):
            raise UserError(
                f"The model needs the columns {tagger.specification.feature_columns}, which raw "
                "text does not have. Send 'tokens' and 'columns'."
            )
        future = model.tag(inputs, content.options(tagger.tasks))
        results = [{"sentences": sentences} for sentences in await _unless_left(request, future)]
        answer = msgspec.json.encode({"model": name, "results": results})
        return Response(answer, media_type=_JSON)

    router.add_api_route(
        "/tag",
        tag,
        methods=["POST"],
        response_model=TagAnswer,
        responses=_PROBLEMS,
        route_class_override=_TagRoute,
    )

    @router.post(
        "/files",
        response_class=FileResponse,
        responses=_PROBLEMS,
        openapi_extra={
            "requestBody": {
                "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
                "required": True,
            }
        },
    )
    async def files(
        request: Request,
        name: Annotated[str, Query(description="The name of the file.")] = "file",
        model: Annotated[Optional[str], Query(description="The name of a model.")] = None,
        tasks: Annotated[
            Optional[str], Query(description="The tasks that are wanted, as in `ner,pos`.")
        ] = None,
        input_format: Annotated[
            Optional[str],
            Query(
                pattern=_one_of(INPUT_FORMS),
                description="The form of the file; by default, what its content looks like.",
            ),
        ] = None,
        output_format: Annotated[
            Optional[str],
            Query(
                pattern=_one_of(OUTPUT_FORMS),
                description="The form of the answer; by default that of the file, if it has a "
                "place for tags, else JSON.",
            ),
        ] = None,
    ) -> Response:
        """Tags a file, the body of the request, as the command `bilstm-tagger tag` does."""
        unknown = set(request.query_params) - set(_FILE_PARAMETERS)
        if unknown:
            raise UserError(
                f"There is no parameter {sorted(unknown)[0]!r:.80}; files have "
                f"{', '.join(_FILE_PARAMETERS)}."
            )
        _, served_model = model_of(model)
        wanted = None if tasks is None else [task.strip() for task in tasks.split(",")]
        chosen = chosen_tasks(wanted, served_model.tagger.tasks)
        return await tag_file(request, name, served_model, chosen, input_format, output_format)


def _one_of(forms: Collection[str]) -> str:
    """A pattern for forms of files. BRAT is a folder."""
    return f"^({'|'.join(form for form in forms if form != 'brat')})$"


async def _unless_left(request: Request, future: "Future[Result]") -> Result:
    """What comes of a future; nothing is done for a client that has left."""
    result = asyncio.wrap_future(future)
    try:
        await until_done_or_left(request, result)
        if not result.done():
            raise ClientDisconnect
        return result.result()
    finally:
        result.cancel()
