"""How an older ledger becomes today's; `ledger.schema.migrate` runs them."""
