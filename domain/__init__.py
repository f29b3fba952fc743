"""The rules: what to do, decided from values alone. No I/O and no clock."""
