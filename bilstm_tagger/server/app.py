"""The application: its parts, put together."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Optional

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from bilstm_tagger import __version__
from bilstm_tagger.server.guard import Guard
from bilstm_tagger.server.messages import Health, Models, NoSuchName, Problem
from bilstm_tagger.server.metrics import Metrics
from bilstm_tagger.server.models import ServedModel, described, served
from bilstm_tagger.server.routes import add_tagging
from bilstm_tagger.server.settings import Limits
from bilstm_tagger.server.waiting import Overloaded, TooManyTokens
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.errors import UserError

_PAGE = Path(__file__).parent / "page"
# The style of all pages of the package.
_BASE_STYLE = Path(__file__).parent.parent / "experiments/page.css"
_DESCRIPTION = """\
Tags text: parts of speech, chunks, names, or what else the models were trained on.

Errors have a `detail` that says what is wrong and how to fix it."""


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
    )
    # What the token opens. The guard asks for it; this is the description.
    router = APIRouter(
        responses={401: {"model": Problem}} if token else {},
        dependencies=[Depends(HTTPBearer(auto_error=False))] if token else [],
    )
    add_tagging(router, models, limits)
    _add_state(router, taggers, limits, metrics)
    app.include_router(router)
    _add_health(app, models)
    _add_page(app)
    _add_error_handlers(app)
    # Routes are tried one after the other: first the one that has to be quick.
    app.router.routes.sort(key=lambda route: getattr(route, "path", "") != "/tag")
    return Guard(app, metrics, limits, token)


def _add_state(
    router: APIRouter, taggers: Mapping[str, Tagger], limits: Limits, metrics: Metrics
) -> None:
    models = [described(name, tagger) for name, tagger in taggers.items()]
    description = Models(models=models, max_tokens=limits.tokens)

    @router.get("/models")
    async def get_models() -> Models:
        """The models, with their tasks and labels."""
        return description

    @router.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
    async def get_metrics() -> Response:
        """Numbers of requests, sentences and tokens, and times, for Prometheus."""
        return Response(metrics.text(), media_type=metrics.content_type)


def _add_health(app: FastAPI, models: Mapping[str, ServedModel]) -> None:
    # Some load balancers ask so.
    @app.head("/health", include_in_schema=False)
    @app.get("/health", responses={503: {"model": Problem}})
    async def health() -> Health:
        """Whether the server can tag."""
        if not all(model.is_alive for model in models.values()):
            raise HTTPException(503, "A model has stopped. Start the server anew.")
        return Health(status="ok")


def _add_page(app: FastAPI) -> None:
    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.get("/static/base.css", include_in_schema=False)
    async def base_style() -> FileResponse:
        return FileResponse(_BASE_STYLE)

    app.mount("/static", StaticFiles(directory=_PAGE))


# The statuses of errors that are not of what a request holds.
_STATUS: dict[type[UserError], int] = {NoSuchName: 404, TooManyTokens: 413}


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
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: "
            f"{problem['msg'].removeprefix('Value error, ')}."
            for problem in error.errors()[:3]
        ]
        is_json = all(problem["type"] != "json_invalid" for problem in error.errors())
        return JSONResponse(
            {"detail": " ".join([*problems, "See /docs."])}, 422 if is_json else 400
        )

    @app.exception_handler(UserError)
    async def of_user(request: Request, error: UserError) -> JSONResponse:
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 422)
        return JSONResponse({"detail": str(error)}, status)

    @app.exception_handler(ClientDisconnect)
    async def of_leaving(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=499)  # nobody reads it; it is counted

    @app.exception_handler(Exception)
    async def of_server(request: Request, error: Exception) -> JSONResponse:
        detail = "This is a fault of the server, not of the request. Its log says more."
        return JSONResponse({"detail": detail}, 500)

    @app.exception_handler(Overloaded)
    async def of_load(request: Request, error: Overloaded) -> JSONResponse:
        detail = "Too many requests wait to be tagged. Try again in a second."
        return JSONResponse({"detail": detail}, 503, {"retry-after": "1"})
