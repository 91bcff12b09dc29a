"""`make golden`: records all worlds anew, and says which of them changed."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor

from tests.golden_worlds import archive
from tests.golden_worlds.record import record


def main() -> None:
    before = archive.summaries() if archive.SUMMARY.exists() else {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        texts = dict(zip(archive.WORLDS, pool.map(record, archive.WORLDS, chunksize=5), strict=True))
    archive.save(texts)
    archive.summaries.cache_clear()
    changed = [seed for seed, text in archive.summaries().items() if before.get(seed) != text]
    print(f"{len(changed)} of {len(texts)} worlds changed", *changed[:20], *["…"][: len(changed) > 20])


if __name__ == "__main__":
    main()
