"""A walk through the Prefect UI in a real browser, as a person takes it."""
