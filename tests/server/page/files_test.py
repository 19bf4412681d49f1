import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.tagging.files.input_forms import INPUT_FORMS, OUTPUT_FORMS

UNTAGGED = "fixtures/text/untagged.conll"


@pytest.fixture
def tagged(capsysbinary):
    """What `bilstm-tagger tag english` makes of a file."""

    def run(path, *arguments):
        main(["tag", "english", str(path), *arguments])
        return capsysbinary.readouterr().out

    return run


def drop(page, *files):
    """Drops files, each of a name and a text, on the page."""
    data = page.evaluate_handle(
        """files => {
            const data = new DataTransfer();
            for (const [name, text] of files) data.items.add(new File([text], name));
            return data;
        }""",
        files,
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": data})
    assert page.locator("#drop").is_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": data})
    assert not page.locator("#drop").is_visible()


def submit(page):
    """Tags the file that is chosen; gives the download."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Tag and download").click()
    return download.value


def fault(page):
    page.locator("#file .problem:visible").wait_for()
    return page.locator("#file .problem:visible").inner_text()


def test_a_file_is_chosen_and_tagged_by_the_keyboard(show, tagged):
    page = show()
    page.get_by_role("button", name="Tag a file…").press("Enter")
    # Chromium does not open its window for a script; the field can be reached.
    assert page.evaluate("document.activeElement.name") == "file"
    page.get_by_label("File", exact=True).set_input_files(UNTAGGED)
    with page.expect_download() as download:
        page.get_by_role("button", name="Tag and download").press("Enter")
    assert download.value.path().read_bytes() == tagged(UNTAGGED)
    assert download.value.suggested_filename == "untagged.tagged.conll"
    assert page.locator("#file .state").inner_text().startswith("untagged.tagged.conll, ")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "open"


def test_a_dropped_file_comes_back_in_the_form_and_tasks_that_are_chosen(show, tagged, tmp_path):
    text = "Ada Lovelace met Bob.\nThey left London.\n"
    (tmp_path / "Ünsere notes.txt").write_text(text)
    wanted = tagged(
        tmp_path / "Ünsere notes.txt",
        *("--input-format", "text", "--output-format", "conllu", "--tasks", "upos,xpos"),
    )
    page = show()
    for task in ("chunk", "ner"):
        page.get_by_role("checkbox", name=task).uncheck()
    drop(page, ["Ünsere notes.txt", text])
    page.get_by_text("Model english: upos, xpos").wait_for()
    page.get_by_label("Read it as").select_option("text")
    page.get_by_label("Write it as").select_option("conllu")
    download = submit(page)
    assert download.path().read_bytes() == wanted
    assert download.suggested_filename.endswith(".conllu")


def test_errors_of_files_are_shown_as_they_are(show):
    page = show()
    drop(page, ["a.txt", "Ada."], ["b.txt", "Bob."])
    assert fault(page) == "These are several files. Drop one."
    drop(page, ["bad.jsonl", '{"tokens": "x"}\n'])
    page.get_by_role("button", name="Tag and download").click()
    assert fault(page) == "bad.jsonl:1: 'tokens' must be a list of strings, found 'x'"
    # Another form may help: the message goes.
    page.get_by_label("Read it as").select_option("text")
    assert page.locator("#file .problem:visible").count() == 0
    submit(page)
    page.route("**/files?*", lambda route: route.abort())
    page.get_by_role("button", name="Tag and download").click()
    assert fault(page) == "The server does not answer. Is it still running?"


def test_all_forms_are_offered(show):
    page = show()
    # BRAT is a folder; files of the last two come back in their own form, which needs no choice.
    wanted = {
        "input_format": set(INPUT_FORMS) - {"brat"},
        "output_format": set(OUTPUT_FORMS) - {"brat", "spacy", "parquet"},
    }
    for name, forms in wanted.items():
        values = page.locator(f"#file [name={name}] option").evaluate_all(
            "options => options.map(option => option.value)"
        )
        assert set(values) == {"", *forms}
