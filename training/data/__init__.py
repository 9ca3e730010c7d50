"""Training data: sample types, the synthetic generator, loaders for public benchmarks."""
