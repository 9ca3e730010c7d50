"""Benchmarks by name: downloaded once, checked, and kept in the cache folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx

from memchat import paths
from memchat.errors import DownloadError
from memchat.weights.files import sha256_of
from training.files import replacing


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file on the net. `sha256` is empty where no one has published it."""

    name: str
    url: str
    sha256: str = ""

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return paths.cache_dir() / "datasets" / self.url.rpartition("/")[2]


_HUB = "https://huggingface.co/datasets"
DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "locomo",
            "https://raw.githubusercontent.com/snap-research/locomo/main/data/locomo10.json",
            "79fa87e90f04081343b8c8debecb80a9a6842b76a7aa537dc9fdf651ea698ff4",
        ),
        Dataset(
            "longmemeval",
            f"{_HUB}/xiaowu0162/longmemeval-cleaned/resolve/main/longmemeval_oracle.json",
        ),
        Dataset(
            "msc",
            f"{_HUB}/MemGPT/MSC-Self-Instruct/resolve/main/msc_self_instruct.jsonl",
            "d3dbea36848b41dc46c0f1548d0ebf74eeaf6390d6f3fe9318e8480dc984495e",
        ),
    )
}


def fetch(dataset: Dataset) -> Path:
    """The dataset's file, downloaded if it is not there yet.

    Raises DownloadError when it cannot be had, or is not the file that its checksum is of.
    """
    if dataset.path.is_file():
        return dataset.path
    with replacing(dataset.path) as temporary:
        _download(dataset, temporary)
        if dataset.sha256 and sha256_of(temporary) != dataset.sha256:
            raise DownloadError(
                f"What came from {dataset.url} is not the {dataset.name} data that is known.",
                f"Get the file elsewhere and name it: --data {dataset.path.name}",
            )
    return dataset.path


def _download(dataset: Dataset, to: Path) -> None:
    try:
        with (
            httpx.stream("GET", dataset.url, follow_redirects=True, timeout=30) as response,
            to.open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_bytes():
                file.write(chunk)
    except httpx.HTTPError as error:
        raise DownloadError(
            f"The {dataset.name} data cannot be downloaded from {dataset.url}: {error}",
            f"Get the file on another machine and name it: --data {dataset.path.name}",
        ) from error
