"""One client with everything that refers to it, as the reader may see it."""
