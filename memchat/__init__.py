"""A terminal chat assistant that remembers, wholly on your machine."""

__version__ = "0.1.0"
