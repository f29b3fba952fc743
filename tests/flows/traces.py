"""Personal data that can be recognized anywhere, and the places where it must not be."""

import base64
import json
import logging
import random
import re
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from deployments.embedded.postgres import binary

SCRIPTS = {
    "plain": "bcdfghjklmnpqrstvwxz",
    "accents": "éèêëñüöäßøåçñžšđ",
    "cyrillic": "бгджзклмнптфхцчшщ",
    "cjk": "漢字佐藤鈴木高橋渡辺伊東京都",
    "arabic": "ابتثجحخدذرزسشصضطظ",
}
_BREAKS = re.compile(rb"\\+n|\s|\\")
_CHANCE = random.SystemRandom()
FIELDS = {
    "name": "name",
    "companyName": "company",
    "addressLine1": "street",
    "addressLine2": "floor",
    "addressLine3": "door",
    "city": "city",
    "stateOrRegion": "region",
    "postalCode": "code",
    "phone": "phone",
    "email": "mail",
}


def word(script: str) -> str:
    """A word that nobody else uses: ten signs of one script."""
    return "".join(_CHANCE.choice(SCRIPTS[script]) for _ in range(10))


def person(*scripts: str) -> dict[str, str]:
    """A recipient in Amazon's fields whose every field holds one word of each script."""
    return {field: " ".join([label, *map(word, scripts)]) for field, label in FIELDS.items()}


def words_of(texts: Iterable[str]) -> set[str]:
    """The made-up words in these texts, without the labels beside them."""
    return {one for text in texts for one in text.split() if len(one) >= 10}


def forms(needle: str) -> set[bytes]:
    """A word as it may look where it leaked: other case, other encoding, escaped, as hex or as base64."""
    spelled = {needle, needle.lower(), needle.upper(), unicodedata.normalize("NFD", needle)}
    found = {text.encode() for text in spelled}
    plain = needle.encode()
    found |= {needle.encode("utf-16-le"), plain.hex().encode(), plain.hex().upper().encode()}
    found |= {quote(needle).encode(), needle.encode("ascii", "xmlcharrefreplace")}
    # Backslashes are taken out of what is searched, however often a text was escaped.
    found |= {needle.encode("unicode_escape").replace(b"\\", b"")}
    found |= {told.replace("\\", "").encode() for told in (repr(plain)[2:-1], json.dumps(needle)[1:-1])}
    for shift in range(3):  # base64 of a longer text, wherever in it the word begins
        coded = base64.b64encode(b"\0" * shift + plain)
        whole = coded[-(-4 * shift // 3) : 4 * (shift + len(plain)) // 3]
        found |= {whole, whole.translate(bytes.maketrans(b"+/", b"-_"))}
    return {form for form in found if len(form) >= 9}


def leaks(surfaces: Mapping[str, bytes], needles: Iterable[str]) -> dict[str, list[str]]:
    """The words found on each surface; a surface without any is left out."""
    looked_for = {needle: forms(needle) for needle in needles}
    found: dict[str, list[str]] = {}
    for name, content in surfaces.items():
        # As it is, and without the signs of escaping and the line ends that cut base64 in pieces.
        texts = (content, _BREAKS.sub(b"", content))
        hits = [
            needle
            for needle, all_forms in looked_for.items()
            if any(f in t for f in all_forms for t in texts)
        ]
        if hits:
            found[name] = hits
    return found


def dump(url: str, schema: str) -> bytes:
    """A schema as pg_dump writes it, with all its data."""
    parsed = sa.make_url(url)
    place = ["-h", str(parsed.query["host"]), "-p", str(parsed.query["port"]), "-U", "postgres"]
    words = [str(binary("pg_dump")), *place, "-n", schema, "-d", str(parsed.database)]
    return subprocess.run(words, capture_output=True, check=True, timeout=60).stdout


def files_in(folder: Path, *, but: str = "") -> bytes:
    """The content and names of all files below a folder, but those whose name begins so."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    kept = [path for path in paths if not but or not path.name.startswith(but)]
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in kept)


class _Ears(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@contextmanager
def all_logs() -> Iterator[list[str]]:
    """Every line that any logger of this process writes, from DEBUG up, tracebacks included."""
    ears = _Ears()
    named = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    before = [(one, one.level) for one in (logging.root, *named)]
    deaf = [logging.root, *(one for one in named if not one.propagate)]
    for one, _ in before:
        one.setLevel(logging.DEBUG)
    for one in deaf:
        one.addHandler(ears)
    try:
        yield ears.heard
    finally:
        for one in deaf:
            one.removeHandler(ears)
        for one, level in before:
            one.setLevel(level)
