"""Figures: medians, ratios, the machine's noise, tables, targets and the JSON file."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

VARIANTS = ("stock", "ours")


class Series:
    """The samples of one operation at one size: what each run of each variant returned."""

    def __init__(self):
        self.samples: dict[str, list[dict]] = {variant: [] for variant in VARIANTS}

    def add(self, variant: str, sample: dict) -> None:
        """Keep what a run returned: at least `seconds` and `queries`."""
        self.samples[variant].append(sample)

    def median(self, variant: str, key: str) -> float:
        """Return the median of one figure of one variant."""
        return median(sample[key] for sample in self.samples[variant])

    def cell(self, size: int, ours_prefix: str = "") -> dict:
        """Return the figures that are printed and written for this operation and size.

        :param ours_prefix: takes `{prefix}seconds` and `{prefix}queries` of ours, which measure more
        """
        prefixes = {"stock": "", "ours": ours_prefix}
        cell = {}
        for variant, prefix in prefixes.items():
            seconds = [sample[f"{prefix}seconds"] for sample in self.samples[variant]]
            cell[f"{variant}_s"] = round(median(seconds), 5)
            cell[f"{variant}_queries"] = round(self.median(variant, f"{prefix}queries"))
            cell[f"{variant}_s_per_contact"] = round(median(seconds) / size, 6)
            cell[f"{variant}_runs_s"] = [round(value, 5) for value in seconds]
            cell |= self._parts(variant)
        cell["ratio"] = round(cell["stock_s"] / cell["ours_s"], 2)
        if "clicks" in self.samples["stock"][0]:
            cell["stock_clicks"] = self.samples["stock"][0]["clicks"]
            cell["stock_extrapolated"] = cell["stock_clicks"] < size
        return cell

    def _parts(self, variant: str) -> dict:
        """Return the medians of what a variant measured besides, such as `create_seconds` as `ours_create_s`."""
        parts = {}
        for key in self.samples[variant][0]:
            if key.endswith("_seconds"):
                parts[f"{variant}_{key.removesuffix('econds')}"] = round(self.median(variant, key), 5)
            elif key.endswith("_queries"):
                parts[f"{variant}_{key}"] = round(self.median(variant, key))
        return parts


def spread(values: Sequence[float]) -> float:
    """Return how far values are apart: the distance of the 10th from the 90th percentile, over the median."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
    return (high - low) / median(ordered)


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, its columns aligned to the right."""
    table = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    print(f"\n{title}")
    for row in table:
        print("  " + "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))


def seconds(value: float) -> str:
    """Write a duration with the digits that mean something."""
    return f"{value * 1000:.2f} ms" if value < 1 else f"{value:.2f} s"


@dataclass(frozen=True)
class Target:
    """A figure to reach, and how it is computed from the cells; a KeyError says that it was not measured."""

    text: str
    figure: Callable[[dict], float]
    at_least: float | None = None
    at_most: float | None = None

    def verdict(self, cells: dict) -> tuple[str, str]:
        """Return the figure and `yes`, `no` or `not measured`."""
        try:
            value = self.figure(cells)
        except KeyError:
            return "", "not measured"
        is_reached = value >= self.at_least if self.at_least is not None else value <= self.at_most
        return f"{value:.2f}", "yes" if is_reached else "NO"


def print_targets(targets: Iterable[Target], cells: dict) -> bool:
    """Print each target with its figure, and whether it is reached; return whether none was missed."""
    rows = []
    for target in targets:
        bound = f">= {target.at_least:g}" if target.at_least is not None else f"<= {target.at_most:g}"
        rows.append([target.text.ljust(72), bound, *target.verdict(cells)])
    print_table("Targets", ["".ljust(72), "target", "measured", "reached"], rows)
    return all(row[-1] != "NO" for row in rows)


def write_json(path: Path, cells: dict) -> None:
    """Write the cells: by operation, then by size."""
    by_operation = {
        operation: {str(size): cell for size, cell in by_size.items()} for operation, by_size in cells.items()
    }
    path.write_text(json.dumps(by_operation, indent=2) + "\n", encoding="utf-8")
