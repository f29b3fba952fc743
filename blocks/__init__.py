"""The doors: whom the house speaks to, and how each of them wants to be spoken to."""
