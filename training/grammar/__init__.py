"""The runtime's grammars outside llama.cpp: which tokens may follow, for sampling in training."""
