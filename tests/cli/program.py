"""memchat as a process of its own, with a fake engine: `python -m tests.cli.program ask "Hi"`.

TOKEN_DELAY is in seconds.
"""

from __future__ import annotations

import os

from memchat.__main__ import main
from memchat.cli import session
from memchat.config import Settings
from memchat.engine.protocol import Role
from tests.ingest.echo import EchoManager


def open_engine(settings: Settings) -> EchoManager:
    """Remembers each turn word for word and counts slowly when asked anything."""
    count = " ".join(str(number) for number in range(1, 41))
    delay = float(os.environ.get("TOKEN_DELAY", "0"))
    return EchoManager(token_delay=delay, default_replies={Role.ANSWER: count})


if __name__ == "__main__":
    session.open_engine = open_engine
    main()
