"""The memory: PostgreSQL holds the state of every hand-over, and this room holds the only SQL."""
