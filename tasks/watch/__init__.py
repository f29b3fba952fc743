"""What needs somebody: clocks, gaps, silence, and the messages about them."""
