"""What the simulated Amazon remembers of each request: never its body, which may hold personal data."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request seen. Status 0: it got no answer (a reset or a hang)."""

    method: str
    path: str
    query: str
    operation: str
    status: int
    at: datetime
