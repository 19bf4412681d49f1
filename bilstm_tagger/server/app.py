"""The application: what the server answers to which request."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Annotated, Any, Optional, TypeVar

import msgspec
from fastapi import Body, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from bilstm_tagger import __version__
from bilstm_tagger.server.batching import Overloaded, TooManyTokens
from bilstm_tagger.server.files import FileTagger
from bilstm_tagger.server.guard import Guard
from bilstm_tagger.server.messages import (
    EXAMPLES,
    Health,
    Models,
    Problem,
    TagAnswer,
    TagRequest,
    chosen_tasks,
)
from bilstm_tagger.server.metrics import Metrics
from bilstm_tagger.server.models import ServedModel, described, served
from bilstm_tagger.server.settings import Limits
from bilstm_tagger.tagging.files.input_forms import INPUT_FORMS, OUTPUT_FORMS
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.errors import UserError

_PAGE = Path(__file__).parent / "page"
# The style of all pages of the package.
_BASE_STYLE = Path(__file__).parent.parent / "experiments/page.css"
_DESCRIPTION = """\
Tags text: parts of speech, chunks, names, or what else the models were trained on.

Errors have a `detail` that says what is wrong and how to fix it."""
_JSON = "application/json"
Result = TypeVar("Result")
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON in UTF-8."},
    404: {"model": Problem, "description": "There is no such model."},
    408: {"model": Problem, "description": "The body did not come in time."},
    413: {"model": Problem, "description": "The request is too large."},
    422: {"model": Problem, "description": "The request is not what was expected."},
    503: {"model": Problem, "description": "Too many requests wait. Try again later."},
}


class _TagRoute(APIRoute):
    """A route that reads and checks its body by itself, in half of FastAPI's time, and says what is
    wrong with it in plain words. What FastAPI knows of it is its description."""

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


def make_app(
    taggers: Mapping[str, Tagger],
    limits: Limits,
    wait: float = 0.002,
    token: Optional[str] = None,
) -> ASGIApp:
    """The application.

    # Parameters

    taggers : `Mapping[str, Tagger]`
        The models by name; the first one is the default.
    limits : `Limits`
        What clients may ask for.
    wait : `float`, optional (default=`0.002`)
        For how many seconds a request waits for others that are tagged together with it.
    token : `str`, optional (default=`None`)
        What clients must send. `None`: nothing.
    """
    metrics = Metrics()
    models: dict[str, ServedModel] = {}

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with served(taggers, limits, metrics, wait) as running:
            models.update(running)
            yield

    app = FastAPIOffline(
        title="bilstm-tagger",
        version=__version__,
        description=_DESCRIPTION,
        redoc_url=None,
        lifespan=lifespan,
        responses={401: {"model": Problem}} if token else {},
        dependencies=[Depends(HTTPBearer(auto_error=False))] if token else [],
    )
    _add_error_handlers(app)
    _add_page(app)
    _add_state(app, taggers, models, metrics)
    _add_tagging(app, models, limits)
    # Routes are tried one after the other: first the one that has to be quick.
    app.router.routes.sort(key=lambda route: getattr(route, "path", "") != "/tag")
    return Guard(app, metrics, limits, token)


def _add_tagging(app: FastAPI, models: Mapping[str, ServedModel], limits: Limits) -> None:
    tag_file = FileTagger(limits)

    def model_of(name: Optional[str]) -> tuple[str, ServedModel]:
        name = next(iter(models)) if name is None else name
        if name not in models:
            raise HTTPException(
                404, f"There is no model {name!r:.80}; this server has {', '.join(models)}."
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

    app.router.add_api_route(
        "/tag",
        tag,
        methods=["POST"],
        response_model=TagAnswer,
        responses=_PROBLEMS,
        route_class_override=_TagRoute,
    )

    @app.post(
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
        _, served_model = model_of(model)
        wanted = None if tasks is None else [task.strip() for task in tasks.split(",")]
        chosen = chosen_tasks(wanted, served_model.tagger.tasks)
        return await tag_file(
            request.stream(), name, served_model, chosen, input_format, output_format
        )


def _one_of(forms: Collection[str]) -> str:
    """A pattern for forms of files. BRAT is a folder."""
    return f"^({'|'.join(form for form in forms if form != 'brat')})$"


async def _unless_left(request: Request, future: "Future[Result]") -> Result:
    """What comes of a future; nothing is done for a client that has left."""
    result = asyncio.wrap_future(future)
    leaves = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((result, leaves), return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            raise HTTPException(499, "The client has left.")
        return result.result()
    finally:
        leaves.cancel()
        result.cancel()


def _add_state(
    app: FastAPI,
    taggers: Mapping[str, Tagger],
    models: Mapping[str, ServedModel],
    metrics: Metrics,
) -> None:
    descriptions = Models(models=[described(name, tagger) for name, tagger in taggers.items()])

    @app.get("/models")
    async def get_models() -> Models:
        """The models, with their tasks and labels."""
        return descriptions

    @app.get("/health", responses={503: {"model": Problem}})
    async def health() -> Health:
        """Whether the server can tag."""
        if not all(model.is_alive for model in models.values()):
            raise HTTPException(503, "A model has stopped. Start the server anew.")
        return Health(status="ok")

    @app.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
    async def get_metrics() -> Response:
        """Numbers of requests, sentences and tokens, and times, for Prometheus."""
        return Response(metrics.text(), media_type=metrics.content_type)


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.get("/static/base.css", include_in_schema=False)
    async def base_style() -> FileResponse:
        return FileResponse(_BASE_STYLE)

    app.mount("/static", StaticFiles(directory=_PAGE))


def _add_error_handlers(app: FastAPI) -> None:
    """Every error is an object with `detail`."""

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        detail = error.detail
        if error.status_code == 404 and detail == "Not Found":
            detail = f"There is nothing at {request.url.path:.80}. See /docs."
        elif error.status_code == 405:
            allowed = (error.headers or {}).get("Allow", "")
            detail = f"{request.method} is not for this address; use {allowed}. See /docs."
        return JSONResponse({"detail": detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def of_schema(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}."
            for problem in error.errors()[:3]
        ]
        is_json = all(problem["type"] != "json_invalid" for problem in error.errors())
        return JSONResponse({"detail": " ".join(problems)}, 422 if is_json else 400)

    @app.exception_handler(UserError)
    async def of_user(request: Request, error: UserError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(TooManyTokens)
    async def of_size(request: Request, error: TooManyTokens) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 413)

    @app.exception_handler(Overloaded)
    async def of_load(request: Request, error: Overloaded) -> JSONResponse:
        detail = "Too many requests wait to be tagged. Try again in a second."
        return JSONResponse({"detail": detail}, 503, {"retry-after": "1"})
