"""The deeds: one call to a stranger or one transaction each, with its own retry manners."""
