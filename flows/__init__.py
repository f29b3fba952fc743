"""The stories: when what is done, in the order it is told."""
