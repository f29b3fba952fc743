"""The door to Amazon: one seller account, its calls, their budgets and what a failed one means."""
