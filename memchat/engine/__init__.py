"""Where the models run. `protocol` is all that the rest of memchat may import."""
