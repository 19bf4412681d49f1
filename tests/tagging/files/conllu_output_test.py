import io

import msgspec
import pytest

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.conllu_output import places_of
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.text.errors import DataFormatError, UserError

CONLLU = """# newdoc
# text = Don't go.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tDo\tdo\tX\tXP\tA=b\t0\troot\t_\tGloss=a
2\tn't\tnot\tX\tXP\t_\t1\tx\t_\t_
# within
2.1\tx\t_\tX\t_\t_\t_\t_\t1:x\t_
3\tgo\tgo\tX\tXP\t_\t1\tx\t_\tChunk=Old|Gloss=b

# text = Yes
1\tYes\t_\t_\t_\t_\t_\t_\t_\t_

# last
"""


@pytest.fixture
def conllu(tagger):
    def run(data: str, given: str, **options) -> str:
        settings = TagSettings("model", "IN", given, "conllu", **options)
        block = Block(0, 1, io.BytesIO(data.encode()).readlines())
        return settings.with_tagger(tagger)(block).output.decode()

    return run


@pytest.fixture
def tags(tagger):
    """Of tokens, chunk and pos of each."""

    def run(*tokens: str):
        return list(zip(*tagger.tag_tokens(tokens).tags.values(), strict=True))

    return run


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_input_of_the_same_form_stays_but_for_the_tags(conllu, tags, end):
    (do, not_, go), (yes,) = tags("Do", "n't", "go"), tags("Yes")
    wanted = CONLLU
    for before, (chunk, pos) in (
        ("1\tDo\tdo\tX\tXP\tA=b\t0\troot\t_\tGloss=a", do),
        ("2\tn't\tnot\tX\tXP\t_\t1\tx\t_\t_", not_),
        ("3\tgo\tgo\tX\tXP\t_\t1\tx\t_\tChunk=Old|Gloss=b", go),
        ("1\tYes\t_\t_\t_\t_\t_\t_\t_\t_", yes),
    ):
        cells = before.split("\t")
        cells[3] = pos
        kept = [each for each in cells[9].split("|") if each.startswith("Gloss")]
        cells[9] = "|".join([*kept, f"Chunk={chunk}"])
        wanted = wanted.replace(before, "\t".join(cells))
    assert conllu(CONLLU.replace("\n", end), "conllu") == wanted.replace("\n", end)


def test_raw_text(conllu, tags):
    text = "Don't go now. We left.Who?"
    first = tags("Do", "n't", "go", "now", ".")
    assert conllu(f"{text}\n", "sentences").splitlines()[0] == f"# text = {text}"
    written = conllu("Don't  go now. We left\n", "text").splitlines()
    assert written[0] == "# text = Don't  go now."
    rows = [line.split("\t") for line in written[1:6]]
    assert [(row[0], row[1]) for row in rows] == [
        ("1", "Do"),
        ("2", "n't"),
        ("3", "go"),
        ("4", "now"),
        ("5", "."),
    ]
    touching = ["SpaceAfter=No|", "", "", "SpaceAfter=No|", ""]
    assert [row[9] for row in rows] == [
        f"{touches}Chunk={chunk}" for touches, (chunk, _) in zip(touching, first, strict=True)
    ]
    assert [row[3] for row in rows] == [pos for _, pos in first]
    assert {cell for row in rows for cell in (row[2], *row[4:9])} == {"_"}
    assert written[6:8] == ["", "# text = We left"]


def test_the_next_sentence_may_follow_directly(conllu, tagger):
    text = 'He said "no."She left.'
    sentences = tagger.split(text)
    rows = [line.split("\t") for line in conllu(text, "text").splitlines() if "\t" in line]
    assert len(sentences) > 1
    rebuilt = "".join(row[1] + " " * ("SpaceAfter=No" not in row[9]) for row in rows)
    assert rebuilt.rstrip() == text


def test_line_ends_in_text_are_blanks_in_the_comment(conllu):
    (comment, *_) = conllu('{"sentence": "We\\nleft\\r\\nhim"}', "json").splitlines()
    assert comment == "# text = We left  him"


@pytest.mark.parametrize("given", ["tokens", "conll"])
def test_tokens(conllu, tags, given):
    (we, left) = tags("We", "left")
    data = "We X\nleft X" if given == "conll" else "We left"
    assert conllu(data, given) == (
        "# text = We left\n"
        f"1\tWe\t_\t{we[1]}\t_\t_\t_\t_\t_\tChunk={we[0]}\n"
        f"2\tleft\t_\t{left[1]}\t_\t_\t_\t_\t_\tChunk={left[0]}\n\n"
    )


def test_columns(conllu, tags):
    ((chunk, pos),) = tags("We")
    places = {"chunk": "XPOS", "pos": "MISC"}
    (line,) = conllu("We", "tokens", columns=places).splitlines()[1:2]
    assert line == f"1\tWe\t_\t_\t{chunk}\t_\t_\t_\t_\tPos={pos}"


def test_fewer_than_ten_columns(conllu):
    data = "1\tWe\t_\n\n" + CONLLU
    with pytest.raises(DataFormatError, match="^IN:1: expected the 10 columns of CoNLL-U, found 3"):
        conllu(data, "conllu")
    assert conllu(data, "conllu", skip=True) == "1\tWe\t_\n\n" + conllu(CONLLU, "conllu")


class TestPlaces:
    @pytest.mark.parametrize(
        ("tasks", "wanted", "found"),
        [
            (["ner", "pos", "xpos"], {}, ["MISC", "UPOS", "XPOS"]),
            (["POS", "upos", "a"], {}, ["UPOS", "MISC", "MISC"]),
            (["chunk", "pos"], {"chunk": "UPOS"}, ["UPOS", "MISC"]),
            (["chunk", "pos"], {"pos": "MISC", "chunk": "MISC"}, ["MISC", "MISC"]),
            (["pos"], {"pos": "XPOS"}, ["XPOS"]),
        ],
    )
    def test_by_name_and_as_wanted(self, tasks, wanted, found):
        places = places_of(tasks, wanted)
        assert [places[task] for task in tasks] == found

    @pytest.mark.parametrize(
        ("wanted", "message"),
        [
            (
                {"ner": "MISC"},
                r"names the task 'ner'; those that are tagged are \['chunk', 'pos'\]",
            ),
            ({"pos": "LEMMA"}, "into 'LEMMA'; a column is one of UPOS, XPOS, MISC"),
            ({"pos": "UPOS", "chunk": "UPOS"}, "puts two tasks into UPOS"),
        ],
    )
    def test_errors(self, wanted, message):
        with pytest.raises(UserError, match=message):
            places_of(["chunk", "pos"], wanted)

    def test_tags_that_would_be_several_entries(self, tagger, monkeypatch):
        labels = ["Case=Nom|Number=Sing", "_"]
        task = msgspec.structs.replace(tagger.specification.tasks["pos"], labels=labels)
        tasks = {"chunk": task, "pos": task}
        changed = msgspec.structs.replace(tagger.specification, tasks=tasks)
        monkeypatch.setattr(tagger, "specification", changed)
        settings = TagSettings("model", "IN", "text", "conllu")
        with pytest.raises(UserError, match="tags of 'chunk' have '|'.*Case=Nom"):
            settings.with_tagger(tagger)


class TestPlacesOfTheTraining:
    """Tags go where the training had them, unless --columns says something else."""

    @pytest.fixture
    def cells(self, model_of, run, write):
        path = write("1\tWe\t_\t_\t_\t_\t_\t_\t_\tname=X|a=b\n", "input.conllu")

        def cells(columns, *options):
            model = model_of(columns={"tokens": 1, **columns}, conllu=True)
            output, _ = run(model, path, *options)
            cells = output.decode().rstrip("\n").split("\t")
            return cells[3], cells[4], cells[9]

        return cells

    @pytest.mark.parametrize(
        ("columns", "options", "wanted"),
        [
            ({"pos": 3, "chunk": "MISC:name"}, [], ("PRON", "_", "a=b|name=B-NP")),
            ({"pos": 4, "chunk": 3}, [], ("B-NP", "PRON", "name=X|a=b")),
            ({"pos": "MISC:name", "chunk": 7}, [], ("_", "_", "a=b|name=PRON|Chunk=B-NP")),
            ({"pos": 7, "chunk": 8}, [], ("PRON", "_", "name=X|a=b|Chunk=B-NP")),
            (
                {"pos": 4, "chunk": "MISC:name"},
                ["--columns", "chunk=XPOS"],
                ("PRON", "B-NP", "name=X|a=b"),
            ),
        ],
    )
    def test_places(self, cells, columns, options, wanted):
        upos, xpos, misc = cells(columns, *options)
        assert (upos, xpos, sorted(misc.split("|"))) == (*wanted[:2], sorted(wanted[2].split("|")))
