"""How large an archive may be, and the error for what is refused."""

from dataclasses import dataclass

from bilstm_tagger.text.errors import UserError

FIX_TRUST = "if you know where the archive comes from, say trust=True (or --trust)"
FIX_DAMAGED = "the archive is damaged or was not made by AllenNLP: fetch it anew"
FIX_MODEL = "config, vocabulary and weights must be those of one training"
FIX_ATTACK = "no training makes such an archive: do not use it"


class UnsafeModel(UserError):
    """A model, in an archive or a model file, that is refused. The message says where (the member
    of the archive, with the key of a config, or the part of the file), what is wrong with it, and
    what to do."""

    archive: object = None  # the path of the model; set by who knows it

    def __init__(self, where: str, what: str, fix: str = FIX_DAMAGED) -> None:
        super().__init__(what)
        self.args = where, what, fix  # what pickle calls the constructor with
        self.where, self.what, self.fix = where, what, fix

    def at(self, path: object) -> "UnsafeModel":
        """The same error, with the path of the model."""
        self.archive = path
        return self

    def __str__(self) -> str:
        places = [str(place) for place in (self.archive, self.where) if place]
        message = f"{': '.join(places)}: {self.what}; {self.fix}"
        # Parts of it are the archive's, and could steer a terminal.
        return "".join(character if character.isprintable() else "?" for character in message)


@dataclass(frozen=True)
class Limits:
    """How large an archive may be. Sizes are in bytes; reading stops where one is reached."""

    unpacked: int = 2**33  # all that comes out of it
    ratio: float = 100.0  # of unpacked to packed size; weights hardly get smaller by packing
    ratio_from: int = 2**24  # what unpacks to less may have any ratio
    members: int = 10_000  # files and folders
    config: int = 2**20  # `config.json`, and `meta.json`
    vocabulary: int = 2**28  # all of its files
    labels: int = 10_000  # of a task; time and memory grow with their square
    tensors: int = 2**33  # of the weights, all together
