"""The demo: everything on this machine against a simulated Amazon and 3PL."""
