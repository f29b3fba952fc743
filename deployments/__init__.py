"""INSTALL: make a Prefect server look like this repository; the command line; the embedded stack."""
