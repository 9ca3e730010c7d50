"""The memory bank: memories, the conversation they came from, and every event, in one file."""
