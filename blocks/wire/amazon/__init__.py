"""Amazon's payloads, as its operations and reports spell them."""
