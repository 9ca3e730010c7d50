# `just` alone lists the recipes. They wrap the README's commands; nothing needs them.

python := ".venv/bin/python"

_list:
    @just --list

# Make .venv with everything for use and development
install:
    python3 -m venv .venv
    .venv/bin/pip install -c constraints.txt -e '.[embedded,train,dev]'

# Start the app
run *arguments:
    .venv/bin/memchat {{arguments}}

# The fast tests, style and types included
test *arguments:
    {{python}} -m pytest {{arguments}}

# The slow tests too
test-slow *arguments:
    {{python}} -m pytest -m 'slow or not slow' {{arguments}}

# Format and fix what can be fixed
format:
    .venv/bin/ruff format
    .venv/bin/ruff check --fix

# Style and types
check:
    .venv/bin/ruff check
    .venv/bin/ruff format --check
    .venv/bin/mypy
    .venv/bin/lint-imports

# Time and memory of each stage of a turn
bench-turn *arguments:
    {{python}} benchmarks/turn.py {{arguments}}

# Retrieval at 1k, 10k and 100k memories
bench-search *arguments:
    {{python}} benchmarks/search.py {{arguments}}

# Evidence recall, latency and tokens of retrieval on a LoCoMo file
bench-retrieval *arguments:
    {{python}} benchmarks/retrieval.py {{arguments}}

# Accept changed TUI snapshots after looking at them
snapshots:
    {{python}} -m pytest tests/tui --snapshot-update

# Write docs/cli.md from the commands themselves
docs:
    {{python}} scripts/cli_docs.py

# Take the README's screenshots again, of a real conversation
screenshots:
    {{python}} scripts/screenshots.py

# How the full screen feels, in numbers
bench-tui *arguments:
    {{python}} benchmarks/tui.py {{arguments}}
