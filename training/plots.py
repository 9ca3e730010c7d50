"""Curves of a run as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.files import read_jsonl, replacing

SMOOTHING = 20
"""Steps in the moving average of the loss."""


def plot_training(metrics: Path, out: Path) -> Path | None:
    """Draw the losses in a metrics.jsonl. None when matplotlib is not installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        return None
    mpl.use("Agg")
    from matplotlib import pyplot

    rows = read_jsonl(metrics)
    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    steps, losses = _series(rows, "loss")
    axes.plot(steps, losses, color="0.8", linewidth=0.8, label="loss")
    axes.plot(steps, _moving_average(losses), color="tab:blue", label=f"mean of {SMOOTHING} steps")
    axes.plot(*_series(rows, "held_out_loss"), "o-", color="tab:orange", label="held out")
    axes.set(xlabel="step", ylabel="loss per token", yscale="log")
    axes.legend(loc="upper right")
    exact = axes.twinx()
    exact.plot(*_series(rows, "held_out_exact"), "s--", color="tab:green")
    exact.set(ylabel="held-out replies right to the letter", ylim=(0, 1))
    with replacing(out) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
    pyplot.close(figure)
    return out


def plot_rewards(metrics: Path, out: Path) -> Path | None:
    """Draw what rollouts and greedy replies to held-out tasks earned, and the divergence.

    None when matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        return None
    mpl.use("Agg")
    from matplotlib import pyplot

    rows = read_jsonl(metrics)
    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    steps, rewards = _series(rows, "reward")
    axes.plot(steps, rewards, color="0.8", linewidth=0.8, label="reward")
    axes.plot(steps, _moving_average(rewards), color="tab:blue", label=f"mean of {SMOOTHING} steps")
    axes.plot(*_series(rows, "held_out_reward"), "o-", color="tab:orange", label="held out, greedy")
    axes.set(xlabel="step", ylabel="reward")
    axes.legend(loc="lower right")
    divergence = axes.twinx()
    divergence.plot(*_series(rows, "kl"), color="tab:green", linewidth=0.8, alpha=0.6)
    divergence.set(ylabel="KL to the start, nats a token")
    with replacing(out) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
    pyplot.close(figure)
    return out


def plot_comparison(bars: Mapping[str, Mapping[str, float]], out: Path) -> Path | None:
    """Draw grouped bars: a group for each measure, a bar in it for each system.

    None when matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        return None
    mpl.use("Agg")
    from matplotlib import pyplot

    names = list(next(iter(bars.values())))
    width = 0.8 / len(bars)
    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for number, (label, values) in enumerate(bars.items()):
        places = [place + number * width for place in range(len(names))]
        drawn = axes.bar(places, [100 * values[name] for name in names], width, label=label)
        axes.bar_label(drawn, fmt="%.1f", fontsize=7)
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(names))], names)
    axes.set(ylabel="%")
    axes.legend()
    with replacing(out) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
    pyplot.close(figure)
    return out


def _series(rows: Sequence[Mapping[str, object]], key: str) -> tuple[list[int], list[float]]:
    points = [(int(str(row["step"])), float(str(row[key]))) for row in rows if key in row]
    return [step for step, _ in points], [value for _, value in points]


def _moving_average(values: Sequence[float]) -> list[float]:
    windows = (values[max(0, end - SMOOTHING) : end] for end in range(1, len(values) + 1))
    return [sum(window) / len(window) for window in windows]
