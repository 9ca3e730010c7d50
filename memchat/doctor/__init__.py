"""Checks that everything memchat needs is in place, and says what to do where it is not."""
