"""What may be offered: counts, what is spoken for, buffers, and quantities on their way to Amazon and back."""
