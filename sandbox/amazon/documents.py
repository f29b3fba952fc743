"""Documents behind presigned addresses: feeds go up, processing reports and reports come down."""

import gzip
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.amazon.answers import Answer, Call, Refusal
from sandbox.amazon.world import AmazonWorld

URL_LIFE = timedelta(minutes=5)
GZIP = "GZIP"
PATH = "/documents/"


@dataclass(slots=True, kw_only=True)
class Document:
    """One document: empty until it is uploaded or made."""

    document_id: str
    content_type: str
    content: bytes | None = None
    compression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presigned:
    """An address that opens one document for one method until a moment (UTC)."""

    document: Document
    method: str
    expires: datetime


def new_document(world: AmazonWorld, content_type: str, content: bytes | None = None) -> Document:
    """Keeps a document; one with content is compressed, as Amazon's mostly are."""
    document = Document(document_id=f"amzn1.tortuga.4.eu.{uuid.uuid4()}.SANDBOX", content_type=content_type)
    if content is not None:
        document.content, document.compression = gzip.compress(content, compresslevel=1), GZIP
    world.documents[document.document_id] = document
    return document


def presign(world: AmazonWorld, call: Call, document: Document, method: str) -> str:
    """An address on the sandbox itself that lives five minutes, like Amazon's."""
    signature = secrets.token_hex(16)
    expires = world.now() + URL_LIFE
    world.pages[signature] = Presigned(document=document, method=method, expires=expires)
    return f"{call.endpoint}{PATH}{document.document_id}?X-Amz-Expires=300&X-Amz-Signature={signature}"


def described(world: AmazonWorld, call: Call, id_name: str) -> dict[str, str]:
    """A document's id, address and compression. Raises Refusal 404 for an unknown one."""
    document = world.documents.get(call.path[id_name])
    if document is None or document.content is None:
        raise Refusal(404, "NotFound", "The document was not found.")
    told = {id_name: document.document_id, "url": presign(world, call, document, "GET")}
    return told | ({"compressionAlgorithm": document.compression} if document.compression else {})


def upload(world: AmazonWorld, call: Call) -> Answer:
    """PUT to a presigned address; the content type is part of the signature."""
    document = _opened(world, call, "PUT")
    if document is None or call.content_type != document.content_type:
        return _denied()
    document.content = call.raw
    return Answer(content_type="application/xml")


def download(world: AmazonWorld, call: Call) -> Answer:
    """GET from a presigned address."""
    document = _opened(world, call, "GET")
    if document is None or document.content is None:
        return _denied()
    return Answer(body=document.content, content_type=document.content_type)


def _opened(world: AmazonWorld, call: Call, method: str) -> Document | None:
    signed = world.pages.get(call.query.get("X-Amz-Signature", ""))
    if not isinstance(signed, Presigned) or signed.expires < world.now():
        return None
    fits = signed.method == method and signed.document.document_id == call.path["documentId"]
    return signed.document if fits else None


def _denied() -> Answer:
    body = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    return Answer(status=403, body=body, content_type="application/xml")
