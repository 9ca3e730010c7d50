"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memchat.text import valid_unicode

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Limit = Annotated[
    int, typer.Option("--limit", "-n", metavar="N", min=1, help="Show at most this many.")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", metavar="NAME", help="A model or a GGUF file to use for this run."
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="A new file; else stdout.")
]
Incognito = Annotated[
    bool, typer.Option("--incognito", help="Read no chats and memories, and save nothing at all.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
# Bytes of an argument that are no UTF-8 arrive as lone surrogates, which cannot be stored.
MemoryText = Annotated[
    str, typer.Argument(metavar="TEXT", parser=valid_unicode, help="In your own words.")
]
Query = Annotated[
    str, typer.Argument(metavar="TEXT", parser=valid_unicode, help="What to look for.")
]
Question = Annotated[
    str, typer.Argument(metavar="QUESTION", parser=valid_unicode, help="What to ask.")
]
ChatId = Annotated[int, typer.Argument(metavar="ID", help="Number of the chat.")]
MemoryId = Annotated[int, typer.Argument(metavar="ID", help="Number of the memory.")]
