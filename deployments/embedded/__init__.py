"""The parts of the stack that Lockstep can bring itself: PostgreSQL, the Prefect server and a worker."""
