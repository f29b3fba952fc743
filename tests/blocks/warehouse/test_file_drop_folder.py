"""How the file drop treats its folders, on this machine and over SFTP alike."""

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import Refused, TryAgain
from domain.warehouse import DeliveryKind, Finding, ReleaseResult
from tests.blocks.warehouse.sites import DropSite, SftpSite, order

ACK = "order_ref,result,wms_ref,reason\nA-1,ACCEPTED,W1,\n"
REFERENCE = "202-1234567-1234567-1"


@pytest.fixture(params=[DropSite, SftpSite], ids=["local", "sftp"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DropSite]:
    made = request.param(tmp_path)
    yield made
    made.end()


def test_release_leaves_one_whole_file(site):
    """A release is one file under its final name, in UTF-8, with nothing temporary beside it."""
    site.door.release("B1", [order()])
    assert [path.name for path in (site.root / "in").iterdir() if path.is_file()] == ["orders-B1.csv"]
    text = (site.root / "in/orders-B1.csv").read_text("utf-8")
    assert "Zoë Example" in text
    assert "1 High Street, Upper Floor" in text


@pytest.mark.parametrize("name", ["orders-B1.csv", "20261127-orders-B1.csv", "orders-B1.csv.done"])
def test_archived_hand_over_is_known(site, name):
    """What the warehouse moved to its archive, under any name it adds to ours, is found and not written again."""
    site.door.release("B1", [order()])
    (site.root / "in/orders-B1.csv").rename(site.root / "in/archive" / name)
    assert site.door.find("B1", REFERENCE) is Finding.FOUND
    assert site.door.find("B", REFERENCE) is Finding.ABSENT
    assert site.door.release("B1", [order()])[0].result is ReleaseResult.SUBMITTED
    assert site.received() == []
    with pytest.raises(Refused):
        site.door.release("B1", [order(quantity=2)])


def test_half_a_file_is_not_a_hand_over(site):
    """What a crash before the rename left behind is absent, and the next release goes through."""
    (site.root / "in/.orders-B1.csv.part").write_text("order_ref\n" + REFERENCE)
    assert site.door.find("B1", REFERENCE) is Finding.ABSENT
    site.door.release("B1", [order()])
    assert site.received() == ["orders-B1.csv"]
    assert site.door.find("B1", REFERENCE) is Finding.FOUND


def test_absent_is_not_said_without_an_archive(site):
    """Where the warehouse keeps no archive, a file that is gone may have been taken in: the answer is unknown."""
    (site.root / "in/archive").rmdir()
    assert site.door.find("B1", REFERENCE) is Finding.UNKNOWN
    assert "no in/archive/" in site.door.check()
    site.door.release("B1", [order()])
    assert site.door.find("B1", REFERENCE) is Finding.FOUND


@pytest.mark.parametrize("sub", ["out", "out/archive"])
def test_an_ack_proves_the_hand_over(site, sub):
    """An ack that names the reference proves that the warehouse has it, read already or not."""
    (site.root / sub / "ack-1.csv").write_text(ACK.replace("A-1", REFERENCE))
    assert site.door.find("B1", REFERENCE) is Finding.FOUND


def test_acknowledged_files_are_kept(site):
    """A good file goes to the archive under its name, and with a number when that name was used before."""
    for _ in range(3):
        site.put("ack-1.csv", ACK)
        (delivery,) = site.door.fetch(DeliveryKind.CHANGES)
        site.door.acknowledge(delivery)
    assert site.names("out/archive") == ["ack-1.2.csv", "ack-1.3.csv", "ack-1.csv"]
    assert site.names("out") == []


def test_a_file_is_archived_once_when_a_process_died_between_its_two_names(tmp_path):
    """A file that is in the archive already, and still under its old name, loses the old name and gets no copy."""
    site = DropSite(tmp_path)
    site.put("ack-1.csv", ACK)
    (delivery,) = site.door.fetch(DeliveryKind.CHANGES)
    (site.root / "out/archive/ack-1.csv").hardlink_to(site.root / "out/ack-1.csv")
    site.door.acknowledge(delivery)
    assert not (site.root / "out/ack-1.csv").exists()
    assert [path.name for path in (site.root / "out/archive").iterdir()] == ["ack-1.csv"]
    site.end()


def test_faulty_file_is_set_aside_with_its_reason(site):
    """A faulty file goes aside whole, and a text file beside it says row, column and reason."""
    for number in (1, 2):
        site.put("ack-1.csv", ACK.replace("ACCEPTED", "PERHAPS"))
        (delivery,) = site.door.fetch(DeliveryKind.CHANGES)
        site.door.acknowledge(delivery)
        assert len(site.names("out/set-aside")) == 2 * number
    assert site.names("out/set-aside") == [
        *("ack-1.2.csv", "ack-1.2.csv.error.txt", "ack-1.csv", "ack-1.csv.error.txt"),
    ]
    reason = (site.root / "out/set-aside/ack-1.csv.error.txt").read_text()
    assert reason == delivery.fault + "\n"
    assert 'row 2, column "result"' in reason


def test_one_faulty_file_holds_up_no_other(site):
    """The files around a faulty one are read."""
    site.put("ack-1.csv", ACK, minute=1)
    site.put("ack-2.csv", b"\x00", minute=2)
    site.put("ack-3.csv", ACK, minute=3)
    assert [bool(delivery.fault) for delivery in site.door.fetch(DeliveryKind.CHANGES)] == [
        False,
        True,
        False,
    ]


def test_replaced_file_is_a_new_message(site):
    """A file that got new bytes after it was read stays when the old reading is acknowledged."""
    site.put("ack-1.csv", ACK)
    (old,) = site.door.fetch(DeliveryKind.CHANGES)
    site.put("ack-1.csv", ACK.replace("A-1", "B-1"))
    site.door.acknowledge(old)
    (new,) = site.door.fetch(DeliveryKind.CHANGES)
    assert new.changes[0].reference == "B-1"
    assert site.desk.outcomes("acknowledge") == ["changed since"]


def test_same_time_is_ordered_by_name(site):
    """Files of one time are read in the order of their names."""
    for name in ("ack-b.csv", "ack-c.csv", "ack-a.csv"):
        site.put(name, ACK)
    assert [one.name for one in site.door.fetch(DeliveryKind.CHANGES)] == [
        "ack-a.csv",
        "ack-b.csv",
        "ack-c.csv",
    ]


def test_unfinished_and_foreign_names_are_left_alone(site):
    """Temporary, hidden and unknown names and folders are not read; capital letters are; doctor counts."""
    for name in ("ack-1.csv.part", ".ack-1.csv", "ack-1.csv.filepart", "ack-1.csv.tmp", "shipments-1.csv"):
        site.put(name, ACK)
    (site.root / "out/ack-folder.csv").mkdir()
    site.put("ACK-9.CSV", ACK)
    assert [one.name for one in site.door.fetch(DeliveryKind.CHANGES)] == ["ACK-9.CSV"]
    assert "1 files in out/ with a name Lockstep does not read" in site.door.check()


def test_growing_file_waits_for_the_next_time(site):
    """A file that is still being written is left where it is, and read when it has come to rest."""
    path = site.put("ack-1.csv", ACK)
    still = site.put("ack-2.csv", ACK)
    done = threading.Event()

    def grow() -> None:
        while not done.is_set():
            with path.open("a") as file:
                file.write("A-2,ACCEPTED,W2,\n")
            time.sleep(0.02)

    writer = threading.Thread(target=grow)
    writer.start()
    door = site.door_with(settle=0.3)
    assert [one.name for one in door.fetch(DeliveryKind.CHANGES)] == [still.name]
    done.set()
    writer.join()
    assert {one.name for one in door.fetch(DeliveryKind.CHANGES)} == {path.name, still.name}


def test_out_that_cannot_be_tidied_is_refused_and_keeps_the_file(site):
    """Where files may not be moved, acknowledging says so plainly and the file stays to be read again."""
    site.make_out_read_only()
    site.put("ack-1.csv", ACK)
    (delivery,) = site.door.fetch(DeliveryKind.CHANGES)
    with pytest.raises(Refused, match="out/archive"):
        site.door.acknowledge(delivery)
    assert site.door.fetch(DeliveryKind.CHANGES) == (delivery,)
    assert site.desk.outcomes("acknowledge") == ["refused"]


def test_missing_folder_is_named(site):
    """Where in/ is missing nothing is created in its place, and the error names it."""
    (site.root / "in/archive").rmdir()
    (site.root / "in").rmdir()
    with pytest.raises(TryAgain, match="There is no in/"):
        site.door.release("B1", [order()])
    assert site.door.find("B1", REFERENCE) is Finding.UNKNOWN
    site.door.prepare()
    site.door.release("B1", [order()])
    assert site.received() == ["orders-B1.csv"]


def test_declared_encoding_is_used(site):
    """The encoding that the connection declares is the one its files are read in."""
    site.put("ack-1.csv", ACK.replace("W1,", "W1,café").encode("cp1252"))
    (refused,) = site.door.fetch(DeliveryKind.CHANGES)
    (read,) = site.door_with(encoding="cp1252").fetch(DeliveryKind.CHANGES)
    assert "not UTF-8" in refused.fault
    assert read.changes[0].reason == "café"


def test_empty_hand_over_writes_nothing(site):
    """No orders and no wishes are no file; a batch that is no file name is an error of ours."""
    assert site.door.release("B1", []) == ()
    site.door.request_cancel("C1", [])
    assert site.names("in") == []
    with pytest.raises(ValueError, match="file name"):
        site.door.release("../B1", [order()])


def test_key_is_name_and_digest(site):
    """The key of a delivery is its name and the first 16 digits of the SHA-256 of its bytes."""
    site.put("ack-1.csv", ACK)
    (delivery,) = site.door.fetch(DeliveryKind.CHANGES)
    assert delivery.key == "ack-1.csv@" + hashlib.sha256(ACK.encode()).hexdigest()[:16]


def test_a_file_is_never_written_over(site):
    """Neither writing nor moving replaces a file that is there."""
    site.folder.write("in", "a.csv", b"1")
    site.folder.write("in", "b.csv", b"2")
    with pytest.raises(Refused, match=r"already has in/a\.csv"):
        site.folder.write("in", "a.csv", b"3")
    with pytest.raises(Refused, match=r"already has in/a\.csv"):
        site.folder.move(("in", "b.csv"), ("in", "a.csv"))
    assert [site.folder.read("in", name) for name in ("a.csv", "b.csv")] == [b"1", b"2"]
    assert [path.name for path in (site.root / "in").iterdir() if path.name.startswith(".")] == []
