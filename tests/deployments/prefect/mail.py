"""A mail server of our own: as much SMTP as a sender needs, over a real socket."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string


@dataclass
class Mail:
    """What arrived: (subject, body) of each message, and the address that a team's channel has."""

    address: str
    messages: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Mail]:
    """Take mail on a free port of this machine until the block ends."""

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline():
                word = line.decode().upper().split()[0]
                if word == "DATA":
                    self._say("354 go on")
                    made.messages.append(_read("".join(self._lines())))
                self._say("221 bye" if word == "QUIT" else "250 ok")

        def _lines(self) -> Iterator[str]:
            while (line := self.rfile.readline().decode()) != ".\r\n":
                yield line

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        port = server.server_address[1]
        made = Mail(
            address=f"mailto://127.0.0.1:{port}?from=lockstep@example.com&to=team@example.com&format=text"
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def _read(raw: str) -> tuple[str, str]:
    message = message_from_string(raw)
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    body = parts[0].get_payload(decode=True) if parts else b""
    return str(message["Subject"]), body.decode() if isinstance(body, bytes) else ""
