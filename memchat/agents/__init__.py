"""The two learned agents: prompts, grammars and parsing, as pure functions over an Engine."""
