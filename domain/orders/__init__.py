"""From Amazon to the warehouse: which orders cross, which wait, and what people decide about one."""
