import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared():
    """Amazon's published models and samples, which are not part of the repository."""
    beside = Path(__file__).parents[4].parent / "shared"
    folder = Path(os.environ.get("LOCKSTEP_SHARED", beside))
    if not (folder / "amazon").is_dir():
        pytest.skip(f"Amazon's published answers are not on this machine ({folder}); set LOCKSTEP_SHARED.")
    return folder
