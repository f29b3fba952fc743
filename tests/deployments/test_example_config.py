"""The example that newcomers copy."""

from pathlib import Path

import pytest

from deployments.config import load


def test_the_example_is_a_lockstep_toml(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the docs is accepted as it stands once its variables are set."""
    for name in ("LWA_CLIENT_ID", "LWA_CLIENT_SECRET", "LWA_REFRESH_TOKEN", "WAREHOUSE_PASSWORD"):
        monkeypatch.setenv(name, "filled-in")
    for name in ("SLACK_OPERATIONS_URL", "SLACK_INTEGRATION_URL"):
        monkeypatch.setenv(name, "https://hooks.slack.com/services/T/B/x")

    settings = load(repository / "docs" / "lockstep.example.toml")

    assert settings.amazon["main"].marketplaces == ["A1F83G8C2ARO7P"]
    assert settings.warehouse["main"].serves == ["main"]
