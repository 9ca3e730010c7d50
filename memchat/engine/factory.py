"""Makes the Engine; nothing heavy is imported before that."""

from __future__ import annotations

from pathlib import Path

from memchat.engine.protocol import Engine, ModelSpec, StatusCallback


def create_engine(
    spec: ModelSpec,
    *,
    in_process: bool = False,
    log_file: Path,
    on_status: StatusCallback | None = None,
) -> Engine:
    """An Engine that has loaded nothing yet. `on_status` is told each change of its status.

    `in_process` is for training, evaluation and tests: native code then writes to this process's
    stderr and dies with it. Otherwise the child process writes to `log_file`.
    """
    if in_process:
        from memchat.engine.local import LlamaEngine

        return LlamaEngine(spec, on_status)
    from memchat.engine.process import ProcessEngine

    return ProcessEngine(spec, log_file=log_file, on_status=on_status)
