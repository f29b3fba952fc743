"""How the two strangers are named: in problems, budgets, beats and the record of calls."""


def amazon_named(account: str) -> str:
    """The simplest name of a seller account at Amazon."""
    return f"Amazon ({account})"


def warehouse_named(connection: str) -> str:
    """The simplest name of a warehouse connection."""
    return f"Warehouse ({connection})"
