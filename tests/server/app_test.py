"""What the server answers."""

import json

import pytest

from bilstm_tagger.server.messages import EXAMPLES
from bilstm_tagger.tagging import Tagger

TEXT = "Ada Lovelace wrote to Charles Babbage in London. He answered \U0001f600 at once."


def as_json(sentences):
    return json.loads(json.dumps([sentence.to_json() for sentence in sentences]))


def test_text_and_tokens_are_tagged_as_by_the_tagger(server):
    tagger = server.taggers["english"]
    answer = server.tag(text=TEXT)
    assert answer == {"model": "english", "results": [{"sentences": as_json(tagger(TEXT))}]}
    tokens = TEXT.split()
    answer = server.tag(tokens=tokens)
    assert answer["results"] == [{"sentences": as_json([tagger.tag_tokens(tokens)])}]
    answer = server.tag(
        inputs=[{"tokens": ["Ada"]}, {"text": TEXT}, {"text": ""}, {"text": " \n"}], model="english"
    )
    assert [len(result["sentences"]) for result in answer["results"]] == [1, 2, 0, 0]
    assert server.tag(inputs=[])["results"] == []


def test_options(server):
    small = server.taggers["small"]
    tokens = ["The", "old", "ferry", "left"]
    wanted = {"model": "small", "tokens": tokens, "tasks": ["pos"]}
    answer = server.tag(**wanted)
    assert answer["model"] == "small"
    assert list(answer["results"][0]["sentences"][0]["tags"]) == ["pos"]
    for options in ({"probabilities": True}, {"probabilities": "all"}, {"top_k": 3}):
        (sentence,) = server.tag(**wanted, **options)["results"][0]["sentences"]
        expected = as_json([small.with_tasks(["pos"]).tag_tokens(tokens, **options)])[0]
        assert sentence.keys() == expected.keys()
        assert sentence["tags"] == expected["tags"]
        for key in ("probabilities", "sequence_probabilities"):
            values, others = (x.get(key, {}).get("pos") for x in (sentence, expected))
            assert (values is None) == (others is None)
            assert values is None or values == pytest.approx(others, rel=1e-4)
    best = server.tag(tokens=tokens, top_k=3)["results"][0]["sentences"][0]["alternatives"]["ner"]
    assert len(best) == 3 and best[0]["probability"] >= best[1]["probability"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_description_work(server, name):
    server.tag(**EXAMPLES[name]["value"])


@pytest.mark.parametrize(
    "content, status, problem",
    [
        ({}, 422, "body: expected exactly one of 'text', 'tokens' and 'inputs'."),
        ({"text": "a", "tokens": ["b"]}, 422, "exactly one of"),
        ({"text": None}, 422, "text: Input should be a valid string."),
        ({"text": ["a"]}, 422, "text: Input should be a valid string."),
        ({"tokens": "a b"}, 422, "tokens: Input should be a valid array."),
        ({"tokens": []}, 422, "tokens: List should have at least 1 item"),
        ({"tokens": ["a", ""]}, 422, "tokens.1: String should have at least 1 character."),
        ({"tokens": ["a", 1]}, 422, "tokens.1: Input should be a valid string."),
        ({"inputs": [{"text": "a"}, {}]}, 422, "inputs.1: expected exactly one of"),
        ({"text": "a", "columns": {"pos": ["X"]}}, 422, "'columns' stand beside 'tokens'"),
        ({"text": "a", "top_k": -1}, 422, "top_k: Input should be greater than or equal to 0."),
        ({"text": "a", "top_k": 1_000}, 422, "top_k: Input should be less than or equal to 100."),
        ({"text": "a", "probabilities": "some"}, 422, 'expected true, false or "all".'),
        ({"text": "a", "probabilities": 1}, 422, 'probabilities: expected true, false or "all".'),
        ({"text": "a", "probability": True}, 422, "probability: Extra inputs are not permitted."),
        ({"text": "a", "tasks": []}, 422, "tasks: List should have at least 1 item"),
        ({"text": "a", "tasks": ["x"]}, 404, "no task 'x'; the model has chunk, ner, upos, xpos."),
        ({"text": "a", "model": "x"}, 404, "no model 'x'; this server has english, small."),
    ],
)
def test_wrong_requests(server, content, status, problem):
    assert problem in server.problem(status, **content)


@pytest.mark.parametrize(
    "body, status, problem",
    [
        (b"", 400, "body: Invalid JSON: EOF while parsing a value at line 1 column 0."),
        (b"{", 400, "Invalid JSON: EOF"),
        (b'{"text": "a"} x', 400, "Invalid JSON: trailing characters"),
        (b'{"text": "\xff"}', 400, "Invalid JSON: invalid unicode code point"),
        (b'{"text": "\\ud800"}', 400, "Invalid JSON: "),
        (b'{"text": NaN}', 422, "text: Input should be a valid string."),
        (b"[" * 100_000, 400, "Invalid JSON: recursion limit exceeded"),
        (b"[]", 422, "body: Input should be an object."),
        ('{"text": "a"}'.encode("utf-16"), 400, "Invalid JSON: "),
    ],
)
def test_wrong_json(server, body, status, problem):
    headers = {"content-type": "application/json"}
    response = server.client.post("/tag", content=body, headers=headers)
    assert response.status_code == status
    assert problem in response.json()["detail"]


def test_other_types_of_content_are_refused(server):
    response = server.client.post("/tag", data={"text": "a"})
    assert response.status_code == 415
    assert "send the header 'Content-Type: application/json'" in response.json()["detail"]
    headers = {"content-type": "application/json; charset=utf-8"}
    assert server.client.post("/tag", content='{"text": "a"}', headers=headers).status_code == 200


def test_every_token_comes_back(server):
    """Whatever is in them, and where the text is not what JSON or HTML like."""
    tokens = ["\x00", "\x1b[31m", "</script>", '"', "\\", "\u2028", "\u202eabc", "e\u0301", "a\tb"]
    (result,) = server.tag(tokens=tokens)["results"]
    assert result["sentences"][0]["tokens"] == tokens
    text = "\U0001f600 Ada \u0000 wrote\u2028to \ufeff Bob.\r\n\r\nHe &amp; I."
    (result,) = server.tag(text=text)["results"]
    parts = [text[first:end] for s in result["sentences"] for first, end in s["offsets"]]
    assert parts == [token for s in result["sentences"] for token in s["tokens"]]
    assert "".join(parts) == "".join(text.split())


def test_state(server):
    assert server.client.get("/health").json() == {"status": "ok"}
    assert server.client.head("/health").status_code == server.client.head("/").status_code == 200
    models = server.client.get("/models").json()["models"]
    assert [model["name"] for model in models] == ["english", "small"]
    english, small = models
    assert english["language"] == "en" and english["version"] and english["licence"]
    tasks = {task["name"]: task for task in english["tasks"]}
    assert tasks["ner"]["encoding"] == "BIO" and "B-PER" in tasks["ner"]["labels"]
    # As they come in answers, not as the network has them.
    assert not any(label.startswith(("S-", "E-")) for label in tasks["ner"]["labels"])
    assert tasks["upos"]["encoding"] is None
    assert list(tasks) == server.taggers["english"].tasks
    assert small["columns"] == []


def metrics(server):
    lines = server.client.get("/metrics").text.splitlines()
    values = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in values}


def test_metrics(serve):
    server = serve()
    server.tag(tokens=["a", "b"])
    server.tag(text="One. Two three.", model="small")
    server.tag(422)
    server.client.get("/nowhere")
    values = metrics(server)
    assert values['bilstm_tagger_tokens_total{model="english"}'] == 2
    assert values['bilstm_tagger_tokens_total{model="small"}'] == 5
    assert values['bilstm_tagger_sentences_total{model="small"}'] == 2
    assert values['bilstm_tagger_requests_total{path="/tag",status="200"}'] == 2
    assert values['bilstm_tagger_requests_total{path="/tag",status="422"}'] == 1
    assert values['bilstm_tagger_requests_total{path="other",status="404"}'] == 1
    assert values['bilstm_tagger_request_seconds_count{path="/tag"}'] == 3
    assert values['bilstm_tagger_batch_requests_count{model="english"}'] == 1
    assert values['bilstm_tagger_waiting_requests{model="english"}'] == 0


def test_pages_need_no_other_host(server):
    for path in ("/", "/docs"):
        response = server.client.get(path)
        assert response.status_code == 200
        assert "http://" not in response.text and "https://" not in response.text
        assert "default-src 'self'" in response.headers["content-security-policy"]
    description = server.client.get("/openapi.json").json()
    assert {"/tag", "/files", "/models", "/health", "/metrics"} == description["paths"].keys()
    body = description["paths"]["/tag"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"].keys() == EXAMPLES.keys()
    style = server.client.get("/static/base.css").headers
    assert style["content-type"].startswith("text/css")
    assert style["cache-control"] == "no-cache"
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert server.client.get(path).status_code == 404


@pytest.mark.parametrize(
    "method, path, status, problem",
    [
        ("GET", "/nowhere", 404, "There is nothing at /nowhere. See /docs."),
        ("GET", "/tag", 405, "GET is not for this address; use POST. See /docs."),
        ("DELETE", "/models", 405, "use GET"),
    ],
)
def test_wrong_addresses(server, method, path, status, problem):
    response = server.client.request(method, path)
    assert response.status_code == status
    assert problem in response.json()["detail"]


def test_a_token_is_asked_for(serve):
    server = serve(token="secret")
    for path in ("/models", "/metrics", "/nowhere"):
        response = server.client.get(path)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
    for path in ("/", "/health", "/docs", "/openapi.json", "/static/base.css"):
        assert server.client.get(path).status_code == 200
    assert "'Authorization: Bearer TOKEN'" in server.problem(401, text="a")
    for wrong in ("secret", "Bearer secre", "Bearer secret2", "Basic secret", "Bearer s\xe9"):
        headers = {"authorization": wrong.encode("latin-1")}
        assert server.client.get("/models", headers=headers).status_code == 401
    server.client.headers["authorization"] = "Bearer secret"
    server.tag(text="a")
    description = server.client.get("/openapi.json").json()
    assert description["components"]["securitySchemes"]


def test_a_model_with_feature_columns(serve, columns_tagger: Tagger):
    server = serve(taggers={"columns": columns_tagger})
    columns = {"pos": ["DET", "NOUN"]}
    (result,) = server.tag(tokens=["The", "plan"], columns=columns)["results"]
    expected = columns_tagger.tag_tokens(["The", "plan"], columns)
    assert result["sentences"][0]["tags"] == expected.tags
    assert "which raw text does not have" in server.problem(422, text="a")
    assert "column 'pos' as a feature" in server.problem(422, tokens=["a"])
    assert "expected 1 values of it, found 2" in server.problem(422, tokens=["a"], columns=columns)
    assert server.client.get("/models").json()["models"][0]["columns"] == ["pos"]


def test_a_fault_of_the_server_is_an_answer_too(serve, monkeypatch):
    def full(*arguments, **settings):
        raise OSError(28, "No space left on device")

    server = serve()
    monkeypatch.setattr("tempfile.mkdtemp", full)
    response = server.client.post("/files", params={"name": "a.txt"}, content=b"Ada.\n")
    assert response.status_code == 500
    assert "a fault of the server" in response.json()["detail"]


def test_pages_of_other_sites(server):
    for site, status in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
        headers = {"sec-fetch-site": site}
        response = server.client.post("/tag", json={"tokens": ["Ada"]}, headers=headers)
        assert response.status_code == status
    # A link to the page is followed.
    assert server.client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_how_the_token_is_written(serve):
    server = serve(token="secret")
    for value, status in (("bearer secret", 200), ("BEARER  secret", 200), ("secret", 401)):
        headers = {"authorization": value}
        assert server.client.get("/models", headers=headers).status_code == status
    for value in ("", "Bearer", "Basic secret", "Bearer secret, Bearer secret"):
        response = server.client.get("/models", headers={"authorization": value})
        assert response.status_code == 401
    twice = [("authorization", "Bearer wrong"), ("authorization", "Bearer secret")]
    assert server.client.get("/models", headers=twice).status_code == 401
    assert server.client.get("/models", params={"token": "secret"}).status_code == 401
