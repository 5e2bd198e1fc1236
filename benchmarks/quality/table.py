"""The scores of every row on every pair, and what is reported of them: means, the worst styles, the worst pairs."""

from dataclasses import dataclass, field

import numpy as np

from benchmarks.quality import features, strokes
from benchmarks.quality.pairs import Paths

COLUMNS = (*features.COLUMNS, *strokes.COLUMNS)
HIGHER_IS_BETTER = frozenset(["ssim", "flat", "keep"])
WORST_COLUMN, WORST_PAIRS = "p4", 5


@dataclass
class Table:
    """Scores of rows on the same pairs.

    Attributes:
        pairs: in the order of the scores.
        rows: of each row by its name, a list of `COLUMNS` a pair.
    """

    pairs: list[Paths]
    rows: dict[str, list[list[float]]] = field(default_factory=dict)

    def means(self) -> dict[str, dict[str, float]]:
        """The mean of every column over all pairs, row by row."""
        return {name: named(np.nanmean(scores, axis=0)) for name, scores in self.rows.items()}

    def worst_styles(self) -> dict[str, dict[str, float]]:
        """The mean over the worst tenth of the styles (at least one), chosen for each row and column by its own."""
        styles = np.array([pair.style.stem for pair in self.pairs])
        count = max(1, round(len(set(styles)) / 10))
        sign = np.array([-1.0 if column in HIGHER_IS_BETTER else 1.0 for column in COLUMNS])
        found = {}
        for name, scores in self.rows.items():
            by_style = np.stack(
                [np.nanmean(np.array(scores)[styles == style], axis=0) for style in sorted(set(styles))]
            )
            badness = np.sort(by_style * sign, axis=0)[-count:]
            found[name] = named(badness.mean(axis=0) * sign)
        return found

    def worst_pairs(self) -> dict[str, list[dict[str, str | float]]]:
        """The pairs with the highest p4, the worst first, row by row."""
        column, found = COLUMNS.index(WORST_COLUMN), {}
        for name, scores in self.rows.items():
            values = np.array(scores)[:, column]
            worst = np.argsort(-values, kind="stable")[:WORST_PAIRS]
            found[name] = [
                {
                    "content": self.pairs[i].content.name,
                    "style": self.pairs[i].style.name,
                    WORST_COLUMN: round(float(values[i]), 4),
                }
                for i in worst
            ]
        return found


def named(values: np.ndarray) -> dict[str, float]:
    """Columns by their names, rounded to what is reported."""
    return {column: round(float(value), 4) + 0.0 for column, value in zip(COLUMNS, values, strict=True)}


def markdown(rows: dict[str, dict[str, float]]) -> str:
    """A Markdown table with three decimals."""
    lines = [f"| | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(f'{row[column]:.3f}' for column in COLUMNS)} |" for name, row in rows.items()]
    return "\n".join(lines)
