"""Draw how the index behaves as documents become many, from the figures that many_documents.py keeps.

Run: python tests/benchmarks/plot_growth.py growth.json growth.png
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

PANELS = (
    (
        "Search, ms",
        {"p50_ms": "p50", "p95_ms": "p95", "dense_p95_ms": "vectors, p95", "words_p95_ms": "words, p95"},
        60,
    ),
    ("Sync, s", {"unchanged_s": "nothing changed", "change_s": "one document changed"}, 3),
    ("Indexing, passages/s", {"rate": "model and index"}, 300),
    ("Memory at the peak, MB", {"peak_mb": "indexing", "loaded_mb": "before"}, None),
)


def main() -> None:
    """Draw one panel for each kind of figure over the number of passages; targets are dashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    rows = json.loads(options.figures.read_text(encoding="utf-8"))
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    for axis, (title, lines, target) in zip(axes.flat, PANELS, strict=True):
        for key, label in lines.items():
            known = [(row["passages"], row[key]) for row in rows if row.get(key) is not None]
            axis.plot([x for x, _ in known], [y for _, y in known], marker="o", label=label)
        if target:
            axis.axhline(target, color="grey", linestyle="--", linewidth=1, label="target")
        axis.set(title=title, xlabel="passages", xscale="log", ylim=(0, None))
        axis.legend()
        axis.grid(alpha=0.3)
    figure.savefig(options.picture, dpi=110)


if __name__ == "__main__":
    main()
