"""Conversations from files, run through the same Memory Manager as a live chat."""
