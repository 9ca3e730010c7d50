"""The training pipeline. Heavy imports stay in here."""
