"""Near-duplicate clusters that gates found, and what is still alike among a sample of the accepted rows."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from smoltalk.reporting.figures import Count
from smoltalk.reporting.sampled import Row, loads, rejected_row, row_of
from smoltalk.reporting.suspicions import Cluster, Duplicates
from smoltalk.reporting.turned_away import TurnedAway, hashed
from smoltalk.words import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["exact", "near", "semantic"]

CUT = 300
"""Characters of a row's words that are shown."""
_BIGGEST, _MEMBERS, _PAIRS = 20, 5, 10
_THRESHOLD = 0.7
_SIZES = ((2, 2, "2"), (3, 5, "3-5"), (6, 10, "6-10"), (11, 100, "11-100"), (101, 1 << 62, "more"))


def duplicates(
    away: TurnedAway, kinds: Mapping[str, Kind], sample: Sequence[Row], accepted: Sequence[Path], others: Sequence[Path]
) -> Duplicates | None:
    """Clusters of all duplicate gates (`kinds` by their labels), and what is left; None without rows."""
    if not sample and not away.heads:
        return None
    biggest: list[tuple[int, int, str]] = []
    sizes = dict.fromkeys((label for *_, label in _SIZES), 0)
    found = []
    for gate in kinds:
        heads = away.heads.get(gate)
        rows = np.concatenate(heads) if heads else np.zeros(0, np.uint64)
        names, counts = np.unique(rows, return_counts=True)
        found.append(Count(gate, len(rows)))
        for low, high, label in _SIZES:
            sizes[label] += int(((counts + 1 >= low) & (counts + 1 <= high)).sum())
        top = np.argsort(-counts, kind="stable")[:_BIGGEST]
        biggest += [(int(counts[at]), int(names[at]), gate) for at in top.tolist()]
    biggest = sorted(biggest, key=lambda one: (-one[0], one[2], one[1]))[:_BIGGEST]
    left = _left(sample)
    return Duplicates(
        clusters=_clusters(biggest, kinds, accepted, others),
        found=found,
        sizes=[Count(label, rows) for label, rows in sizes.items()],
        sample=len(sample),
        threshold=_THRESHOLD,
        **left,
    )


# ---------------------------------------------------------------- what gates found


def _clusters(
    biggest: Sequence[tuple[int, int, str]],
    kinds: Mapping[str, Kind],
    accepted: Sequence[Path],
    others: Sequence[Path],
) -> list[Cluster]:
    if not biggest:
        return []
    members: dict[tuple[str, int], list[tuple[str, float, str]]] = {(gate, head): [] for _, head, gate in biggest}
    names: dict[int, str] = {}
    for path in others:
        if path.stem in kinds:
            _members(path, members, names)
    texts = _texts_of(set(names.values()), accepted)
    return [
        Cluster(gate, kinds[gate], names.get(head, ""), texts.get(names.get(head, ""), ""), size, members[gate, head])
        for size, head, gate in biggest
    ]


def _members(path: Path, members: dict[tuple[str, int], list[tuple[str, float, str]]], names: dict[int, str]) -> None:
    """The first rows of each cluster in a gate's file."""
    missing = {head for (gate, head), rows in members.items() if gate == path.stem and len(rows) < _MEMBERS}
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups if missing else 0):
            told = file.read_row_group(number, columns=["evidence"]).column(0).to_pylist()
            evidence = [loads(text) for text in told]
            heads = [hashed(one) if isinstance(one := e.get("duplicate_of"), str) else -1 for e in evidence]
            wanted: list[int] = []
            for place, head in enumerate(heads):
                rows = members.get((path.stem, head), [])
                if head in missing and len(rows) + sum(heads[w] == head for w in wanted) < _MEMBERS:
                    wanted.append(place)
                    names[head] = evidence[place]["duplicate_of"]
            if not wanted:
                continue
            for place, line in zip(wanted, file.read_row_group(number).take(wanted).to_pylist(), strict=True):
                row, similarity = rejected_row(line), evidence[place].get("similarity", 1.0)
                alike = float(similarity) if isinstance(similarity, int | float) else 1.0
                members[path.stem, heads[place]].append((row.id, alike, words_of_row(row)))
            missing -= {head for head in missing if len(members[path.stem, head]) >= _MEMBERS}
            if not missing:
                return


def _texts_of(ids: Iterable[str], paths: Sequence[Path]) -> dict[str, str]:
    """The words of accepted rows by id; ids alone are read of all others."""
    left = set(ids)
    found: dict[str, str] = {}
    for path in paths:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                if not left or "id" not in file.schema_arrow.names:
                    return found
                column = file.read_row_group(number, columns=["id"]).column(0)
                places = np.flatnonzero(pc.is_in(column, pa.array(sorted(left), column.type)).to_numpy())
                if len(places):
                    for line in file.read_row_group(number).take(pa.array(places)).to_pylist():
                        row = row_of(line)
                        found[row.id] = words_of_row(row)
                    left -= found.keys()
    return found


def words_of_row(row: Row) -> str:
    """The beginning of what the user asks in it, and of the answer; or of whatever is said."""
    asked, answered = row.first("user"), row.first("assistant", "chosen")
    text = f"{asked[: CUT // 2]} → {answered}" if asked and answered else asked or answered or row.said("system")
    return text[:CUT]


# ---------------------------------------------------------------- what is left


def _left(sample: Sequence[Row]) -> dict[str, Any]:
    from smoltalk.duplicates.exact import ExactIndex
    from smoltalk.duplicates.near import NearIndex

    whole = texts_of([text for _, text, _ in row.turns] for row in sample)
    unprompted = texts_of([text for role, text, _ in row.turns if role != "system"] for row in sample)
    prompts = texts_of([row.first("user")] if row.first("user") else [] for row in sample)
    exact, near = ExactIndex().add(whole), NearIndex(_THRESHOLD).add(unprompted)
    asked = NearIndex(_THRESHOLD).add(prompts)
    return {
        "left_exact": int((exact.earlier >= 0).sum()),
        "left_near": int((near.earlier >= 0).sum()),
        "left_prompts": int((asked.earlier >= 0).sum()),
        "pairs": _pairs(sample, near.earlier, near.similarity),
    }


def _pairs(
    sample: Sequence[Row], earlier: "NDArray[np.int64]", similarity: "NDArray[np.float32]"
) -> list[tuple[float, str, str, str, str]]:  # fmt: skip
    kept = np.flatnonzero(earlier == -1)
    places = np.flatnonzero(earlier >= 0)
    places = places[np.argsort(-similarity[places], kind="stable")][:_PAIRS]
    pairs = []
    for place in places.tolist():
        one, two = sample[int(kept[earlier[place]])], sample[place]
        pairs.append((round(float(similarity[place]), 3), one.id, words_of_row(one), two.id, words_of_row(two)))
    return pairs
