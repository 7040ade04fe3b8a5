"""Instruction counts against the record of bench/instructions.json: which work costs more or less than it did.

A record is {"counted_with": {name: version}, "instructions": {work: count}}. Counts of another library, compiler or
processor say nothing about ours, so they are not compared.
"""

import dataclasses

TOLERANCE = 0.03


@dataclasses.dataclass
class Row:
    """One kind of work; a count is None where it is missing."""

    work: str
    recorded: int | None
    counted: int | None

    @property
    def change(self):
        """The change as a fraction of what is recorded, or None."""
        if self.recorded is None or self.counted is None:
            return None
        return self.counted / self.recorded - 1

    @property
    def fault(self):
        """A sentence on what is not as recorded, or None."""
        if self.counted is None:
            return f"{self.work} is in the record but was not counted"
        if self.recorded is None:
            return f"{self.work} is not in the record"
        if self.is_dearer:
            return f"{self.work} takes {percent(self.change)} more instructions than recorded"
        if self.change < -TOLERANCE:
            return f"{self.work} takes {percent(-self.change)} fewer instructions than recorded: record the gain"
        return None

    @property
    def is_dearer(self):
        return self.change is not None and self.change > TOLERANCE


def percent(fraction, sign="-"):
    return f"{100 * fraction:{sign}.1f} %"


def differences(record, counted_with):
    """A sentence for each thing that the record was counted with in another version than is here."""
    there = record["counted_with"]
    return [f"{name}: {there.get(name, 'nothing')} in the record, {counted_with.get(name, 'nothing')} here"
            for name in sorted(there.keys() | counted_with.keys()) if there.get(name) != counted_with.get(name)]


def rows(record, instructions):
    """Every kind of work that was recorded or counted, in the order of counting."""
    recorded = record["instructions"]
    works = [*instructions, *(work for work in recorded if work not in instructions)]
    return [Row(work, recorded.get(work), instructions.get(work)) for work in works]


def table(all_rows):
    """The rows as text, aligned."""
    lines = [f"{'work':<22} {'recorded':>12} {'counted':>12} {'change':>8}"]
    for row in all_rows:
        counts = [f"{'-' if count is None else format(count, ','):>12}" for count in (row.recorded, row.counted)]
        change = "-" if row.change is None else percent(row.change, "+")
        lines.append(f"{row.work:<22} {' '.join(counts)} {change:>8}")
    return "\n".join(lines)


def faults(all_rows):
    """What is not as recorded, a sentence each, and what to do about it; nothing if all is as recorded."""
    sentences = [row.fault for row in all_rows if row.fault]
    if any(row.is_dearer for row in all_rows):
        sentences.append("where they go: bench/check --profiles DIRECTORY; if they are worth it, the commit says why")
    if sentences:
        sentences.append("to record what is counted now: bench/check --record")
    return sentences
