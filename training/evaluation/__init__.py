"""The benchmark harness: the chat's own pipeline over data with known answers."""
