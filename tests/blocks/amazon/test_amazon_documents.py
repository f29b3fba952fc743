import gzip
import json
import logging
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_amazon import FreeDesk, Reply, account, scripted, told

from blocks.amazon.documents import get_document, put_document, unpacked
from domain.amazon import Quantity
from domain.errors import Refused, TryAgain
from tests.domain.examples import RULES

US = "ATVPDKIKX0DER"
QUANTITIES = [Quantity(marketplace_id=US, seller_sku="MUG/1 ü", units=7)]
REPORT = {
    "header": {"sellerId": "A1SELLER", "version": "2.0", "feedId": "1"},
    "issues": [],
    "summary": {
        "errors": 0,
        "warnings": 0,
        "messagesProcessed": 1,
        "messagesAccepted": 1,
        "messagesInvalid": 0,
    },
}
TABLE = b"seller-sku\tquantity\tfulfillment-channel\r\nMUG\t7\tDEFAULT\r\n"
SIGNED = "/store/d?X-Amz-Signature=of-nobodys-business"


def described(**parts):
    """A script that says where a document lies and gives what lies there."""
    stored = parts.pop("stored")

    def script(asked):
        if asked.path.startswith("/store/"):
            return stored
        name = "reportDocumentId" if "/reports/" in asked.path else "feedDocumentId"
        return told({name: "d", "url": f"http://{asked.headers['host']}{SIGNED}"} | parts)

    return script


def test_quantities_go_up_with_the_declared_type_and_no_token(caplog):
    """The upload has exactly the content type it was announced with and nothing that opens the account."""
    with caplog.at_level(logging.DEBUG), scripted(described(stored=Reply())) as amazon:
        desk = FreeDesk()
        assert account(amazon.url).open(desk).upload_quantities(QUANTITIES) == "d"
        create, put = amazon.asked
    assert (create.method, create.path, create.query) == ("POST", "/feeds/2021-06-30/documents", "")
    assert json.loads(create.body) == {"contentType": "application/json; charset=UTF-8"}
    assert put.method == "PUT"
    assert put.headers.get_all("content-type") == ["application/json; charset=UTF-8"]
    assert not [name for name in put.headers if name.lower().startswith(("x-amz", "authorization"))]
    assert json.loads(put.body)["messages"][0]["sku"] == "MUG/1 ü"
    assert desk.records == [("createFeedDocument", US, "ok"), ("uploadFeedDocument", US, "ok")]
    assert "nobodys-business" not in caplog.text + repr(desk.records)


@pytest.mark.parametrize(
    ("content", "packed"),
    [(json.dumps(REPORT).encode(), False), (gzip.compress(json.dumps(REPORT).encode()), True)],
)
def test_a_report_comes_down_packed_or_plain(content, packed):
    """A document is unpacked when Amazon says that it is packed, and fetched without a token."""
    extra = {"compressionAlgorithm": "GZIP"} if packed else {}
    with scripted(described(stored=Reply(body=content), **extra)) as amazon:
        desk = FreeDesk()
        report = account(amazon.url).open(desk).fetch_feed_report("d")
        where, get = amazon.asked
    assert report.processed == 1
    assert where.path == "/feeds/2021-06-30/documents/d"
    assert (get.path, get.query) == ("/store/d", SIGNED.partition("?")[2])
    assert "x-amz-access-token" in where.headers
    assert "x-amz-access-token" not in get.headers
    assert desk.records == [("getFeedDocument", "d", "ok"), ("downloadDocument", "d", "ok")]


def test_the_listings_report_is_read_in_its_own_charset():
    """The content type of the download names the encoding of the report."""
    content = TABLE.replace(b"MUG", "マグ".encode("cp932"))
    stored = Reply(body=content, kind="text/plain; charset=Shift_JIS")
    with scripted(described(stored=stored)) as amazon:
        (row,) = account(amazon.url).open(FreeDesk()).fetch_listing_report("d")
    assert (row.seller_sku, row.units) == ("マグ", 7)


@pytest.mark.parametrize("part", ["upload", "download"])
@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 413, 429, 500, 503])
def test_an_address_that_opens_nothing_is_worth_another(part, status):
    """Whatever the storage says, a new address may open the document, and no credentials are doubted."""
    page = Reply(status=status, body=b"<Error><Code>AccessDenied</Code></Error>", kind="application/xml")
    page.headers = {"Location": "http://storage.example/elsewhere"}
    with scripted(described(stored=page)) as amazon:
        desk = FreeDesk()
        door = account(amazon.url).open(desk)
        with pytest.raises(TryAgain) as raised:
            door.upload_quantities(QUANTITIES) if part == "upload" else door.fetch_feed_report("d")
        assert len(amazon.asked) == 2
        assert len(amazon.logins) == 1
    assert not raised.value.maybe_done
    assert desk.records[1][2] == str(status)
    assert "nobodys-business" not in str(raised.value)


@pytest.mark.parametrize("act", ["hang", "reset", "cut"])
def test_a_download_that_breaks_off_is_not_read(act):
    """Half a report is no report."""
    with scripted(described(stored=Reply(body=TABLE, act=act))) as amazon, pytest.raises(TryAgain) as raised:
        account(amazon.url).open(FreeDesk(), timeout=0.3).fetch_listing_report("d")
    assert "nobodys-business" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.example/d?X-Amz-Signature=x",
        "http://127.0.0.1.example/d",
        "ftp://127.0.0.1/d",
        "file:///etc/hostname",
        "https://",
        "no address",
        "http://[",
    ],
)
def test_an_unprotected_address_is_not_used(url):
    """Documents travel over https or inside this machine, and nothing is sent anywhere else."""
    storage = httpx.Client(transport=httpx.MockTransport(lambda request: pytest.fail("it was called")))
    with storage:
        for act in (
            lambda: get_document(storage, url),
            lambda: put_document(storage, url, b"", "text/plain"),
        ):
            with pytest.raises(Refused) as refusal:
                act()
            assert "Signature" not in str(refusal.value)


def storage_with(content):
    """An https machine that gives the same content to everybody."""
    said = httpx.ByteStream(content)
    return httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=said)))


def test_a_protected_address_of_another_machine_is_used():
    """Amazon's documents lie on machines of their own."""
    with storage_with(b"ok") as http:
        assert get_document(http, "https://storage.example/d").content == b"ok"


def test_a_document_that_is_too_large_is_not_kept():
    """A download is bounded, and so is what comes out of it."""
    with storage_with(b"x" * 11) as http:
        assert len(get_document(http, "https://storage.example/d", 11).content) == 11
        with pytest.raises(Refused) as refusal:
            get_document(http, "https://storage.example/d", 10)
    assert refusal.value.code == "TooLarge"
    bomb = gzip.compress(b"0" * 50_000_000)
    with pytest.raises(Refused):
        unpacked(bomb, 1_000_000)


@RULES
@given(parts=st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_all_members_of_a_gzip_file_are_read(parts):
    """A file that was packed in pieces gives all of them, and exactly as many bytes as allowed."""
    packed, whole = b"".join(map(gzip.compress, parts)), b"".join(parts)
    assert unpacked(packed) == unpacked(packed, len(whole)) == whole
    if whole:
        with pytest.raises(Refused):
            unpacked(packed, len(whole) - 1)


@RULES
@given(content=st.binary(min_size=1, max_size=200), data=st.data())
def test_a_broken_gzip_file_is_not_read(content, data):
    """Cut anywhere, or no gzip at all: it gives nothing."""
    packed = gzip.compress(content)
    cut = data.draw(st.integers(0, len(packed) - 1))
    for broken in (packed[:cut], zlib.compress(content), packed + b"more"):
        with pytest.raises(TryAgain):
            unpacked(broken)
