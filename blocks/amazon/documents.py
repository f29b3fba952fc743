"""Documents behind presigned addresses: what goes up and comes down beside Amazon's operations.

An address opens its document for anybody for five minutes, so it is never logged, shown or kept, and no token
of Amazon's goes with it.
"""

import zlib

import httpx

from blocks.amazon.guard import Answer, Fault, on_this_machine
from domain.errors import Refused, TryAgain

# The report of a million listings has about 250 MB.
MOST_BYTES = 512 * 1024 * 1024
_GZIP = 31  # zlib's word for a gzip header and its checksum


def put_document(storage: httpx.Client, url: str, content: bytes, content_type: str) -> Answer:
    """Upload a document. The content type is part of the signature: it has to be the declared one.

    Raises:
        Refused: When the address would carry the content unprotected.
        Fault: When the storage did not take it.
        httpx.HTTPError: When no whole reply came.
    """
    _check_address(url)
    response = storage.put(url, content=content, headers={"content-type": content_type})
    if not response.is_success or response.content.strip():  # the storage has nothing to say when it took it
        raise Fault(response, code="", text="")
    return Answer(status=response.status_code, payload={}, rate=None)


def get_document(storage: httpx.Client, url: str, most: int = MOST_BYTES) -> Answer:
    """Download a document of at most `most` bytes as it is stored, still packed.

    Raises:
        Refused: When the address is unprotected, or the document is larger.
        Fault: When the storage did not give it.
        httpx.HTTPError: When it did not come whole.
    """
    _check_address(url)
    content = bytearray()
    with storage.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
        if response.status_code != httpx.codes.OK:
            raise Fault(response, code="", text="")
        for chunk in response.iter_raw():
            content += chunk
            _check_size(len(content), most)
    kind = response.headers.get("content-type", "")
    return Answer(
        status=response.status_code, payload={}, rate=None, content=bytes(content), content_type=kind
    )


def unpacked(content: bytes, most: int = MOST_BYTES) -> bytes:
    """The content of a gzip file, of all its members, at most `most` bytes.

    Raises:
        TryAgain: When it is not whole.
        Refused: When there is more in it.
    """
    out, member, rest = bytearray(), zlib.decompressobj(_GZIP), content
    try:
        while rest:
            out += member.decompress(rest, most - len(out) + 1)
            _check_size(len(out), most)
            rest = member.unconsumed_tail or member.unused_data
            if member.eof and rest:
                member = zlib.decompressobj(_GZIP)
    except zlib.error:
        raise TryAgain("A document of Amazon's is packed and could not be unpacked.") from None
    if not member.eof:
        raise TryAgain("A document of Amazon's is packed and broke off in its middle.")
    return bytes(out)


def _check_size(found: int, most: int) -> None:
    if found > most:
        told = f"A document of Amazon's is larger than {most // 1024 // 1024} MB and was not read."
        raise Refused(told, code="TooLarge")


def _check_address(url: str) -> None:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise Refused("Amazon gave an address of a document that is none.", code="Address") from None
    protected = parts.scheme == "https" or (parts.scheme == "http" and on_this_machine(url))
    if not parts.host or not protected:
        raise Refused("Amazon gave an address of a document that is not https.", code="Address")
