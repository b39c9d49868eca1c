"""What the data of a matrix must hold. Each check gives one sentence per fault; no sentence means that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise

from msgspec import Struct

from evidence.matrix.load import Askable, CellSpec, Feature, Matrix, Row
from evidence.matrix.rules import Atom, Graded, entails, negated_atoms, positive_atoms
from evidence.model import Grade, Level, Polarity
from evidence.patterns import regex


class Subject(Struct, frozen=True):
    """A matrix, what its rules may name, and the product's features."""

    matrix: Matrix
    vocabulary: Mapping[str, Askable]
    features: tuple[Feature, ...]

    def cells(self) -> Iterator[tuple[Row, CellSpec]]:
        """Every cell with its row, in order."""
        for row in self.matrix.rows:
            for cell in row.cells:
                yield row, cell


SEED_ITEMS = frozenset(
    [f"S{section}.{item}" for section in range(1, 10) for item in (1, 2, 3)]
    + [f"C{section}.{item}" for section in range(1, 9) for item in (1, 2, 3)]
    + ["C1.4"]
)
"""The 52 items of the two seed documents: nine sections of three; eight of three, of which the first has a fourth."""

WORDS_OF = {"marker": (8, 40), "example": (8, 45), "probe": (6, 32), "reason": (12, 45)}
"""Fewest and most words of a text. A marker is read at a glance in a grid; a probe is said aloud in one breath."""

NEARLY_THE_SAME = 0.3
"""Share of common three-word runs above which two texts count as one text told twice (measured: texts of this matrix
stay under 0.24; a text of twenty words with one in ten changed stays above 0.5)."""

_WORD = regex(r"[a-z0-9'-]+")


def seed_items_answered(subject: Subject) -> Iterator[str]:
    """Every seed item is answered by a row or by a feature, and nothing answers an item that does not exist."""
    named = {s for row in subject.matrix.rows for s in row.seeds} | {s for f in subject.features for s in f.seeds}
    yield from (f"seed item {item} is answered by no row and no feature" for item in sorted(SEED_ITEMS - named))
    yield from (f"there is no seed item {item}" for item in sorted(named - SEED_ITEMS))


def rows_complete(subject: Subject) -> Iterator[str]:
    """Ids are unique and each row has one cell for each level, lowest first."""
    ids = [row.id for row in subject.matrix.rows]
    yield from (f"{name}: the id is used twice" for name in sorted({i for i in ids if ids.count(i) > 1}))
    for row in subject.matrix.rows:
        if tuple(cell.level for cell in row.cells) != tuple(Level):
            yield f"{row.id}: its cells are not Junior, Mid, Senior and Staff in that order"


def cells_complete(subject: Subject) -> Iterator[str]:
    """A cell has a rule, an example and two probes of each kind, or a reason why it is not seen and two ``unseen``."""
    for row, cell in subject.cells():
        if cell.not_observable is not None:
            whole = cell.rule is None and cell.example is None and not cell.seen
        else:
            whole = cell.rule is not None and cell.example is not None and len(cell.seen) == 2
        if not whole or len(cell.unseen) != 2:
            yield f"{row.id}, {cell.level}: lacks a part, or has one that its kind of cell must not have"


def signals_feed_their_row(subject: Subject) -> Iterator[str]:
    """Every signal decides or contradicts a cell of its own competency's row."""
    feeds = {(row.id, atom.signal) for row, cell in subject.cells() for atom in _atoms(cell)}
    feeds |= {(row.id, signal) for row in subject.matrix.rows for signal in row.against}
    for signal, askable in subject.vocabulary.items():
        if (askable.competency, signal) not in feeds:
            yield f"{signal} feeds no cell of {askable.competency}"


def names_known(subject: Subject) -> Iterator[str]:
    """Rules and ``against`` name known signals, declared measures, and grades that the signal can reach."""
    for row, cell in subject.cells():
        for atom in _atoms(cell):
            askable = subject.vocabulary.get(atom.signal)
            if askable is None:
                yield f"{row.id}, {cell.level}: no signal is called {atom.signal}"
            elif isinstance(atom, Graded):
                if atom.grade is Grade.SUSTAINED and not askable.can_be_sustained:
                    yield f"{row.id}, {cell.level}: {atom.signal} is never sustained"
            elif atom.measure not in askable.measures:
                yield f"{row.id}, {cell.level}: {atom.signal} has no measure {atom.measure}"
    for row in subject.matrix.rows:
        for signal in row.against:
            if signal not in subject.vocabulary:
                yield f"{row.id}: no signal is called {signal}"


def more_evidence_never_costs(subject: Subject) -> Iterator[str]:
    """Counter-evidence stands under ``not`` or in ``against``, and nothing else does: so that rules are monotone."""
    against = {s for s, askable in subject.vocabulary.items() if askable.polarity is Polarity.AGAINST}
    for row, cell in subject.cells():
        if cell.rule is None:
            continue
        for atom in negated_atoms(cell.rule):
            if atom.signal not in against:
                yield f"{row.id}, {cell.level}: 'not' over {atom.signal}, which is no counter-evidence"
        for signal in sorted({a.signal for a in positive_atoms(cell.rule)} & against):
            yield f"{row.id}, {cell.level}: {signal} is counter-evidence and cannot support"
    for row in subject.matrix.rows:
        yield from (f"{row.id}: {s} in 'against' is no counter-evidence" for s in row.against if s not in against)


def rules_distinguish(subject: Subject) -> Iterator[str]:
    """No two levels of a row share a rule: some evidence meets the lower one and not the higher."""
    for row in subject.matrix.rows:
        for low, high in combinations([c for c in row.cells if c.effective], 2):
            if low.effective and high.effective and entails(low.effective, high.effective):
                yield f"{row.id}: {high.level} asks for nothing that {low.level} does not"


def higher_asks_no_less(subject: Subject) -> Iterator[str]:
    """Whatever meets a level's rule meets the rules of the levels below it."""
    for row in subject.matrix.rows:
        for low, high in pairwise(c for c in row.cells if c.effective):
            if not (low.effective and high.effective) or not entails(high.effective, low.effective):
                yield f"{row.id}: {high.level} can be met without {low.level}"


def texts_distinct(subject: Subject) -> Iterator[str]:
    """No two texts of the matrix are nearly the same."""
    texts = [(place, words, _runs(words)) for place, _, text in _texts(subject) if (words := _words(text))]
    for (a, _, left), (b, _, right) in combinations(texts, 2):
        common = len(left & right)
        if common and common / len(left | right) > NEARLY_THE_SAME:
            yield f"{a} and {b} say nearly the same"


def texts_shaped(subject: Subject) -> Iterator[str]:
    """Each text has a sane length; markers, examples and reasons end with a full stop, probes with a question."""
    for place, kind, text in _texts(subject):
        fewest, most = WORDS_OF[kind]
        if not fewest <= len(text.split()) <= most:
            yield f"{place}: {len(text.split())} words, not {fewest} to {most}"
        if text != text.strip() or "\n" in text or not text.endswith((".", "?")):
            yield f"{place}: is not a line that ends as a sentence"
        if kind == "probe" and not _ASKS.search(text):
            yield f"{place}: asks nothing"
        if kind == "marker" and ". " in text:
            yield f"{place}: a marker is one sentence"


_ASKS = regex(r"\?|(?:^|\. )(?:Tell us|Describe|Walk us|Explain|Name|Design|Model|Give|Show us|Pick|Choose|Read us)\b")


def _atoms(cell: CellSpec) -> Iterator[Atom]:
    if cell.rule is not None:
        yield from positive_atoms(cell.rule)
        yield from negated_atoms(cell.rule)


def _texts(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """(place, kind, text) of every text in the cells."""
    for row, cell in subject.cells():
        place = f"{row.id}, {cell.level}"
        yield f"{place}, marker", "marker", cell.marker
        if cell.example is not None:
            yield f"{place}, example", "example", cell.example
        if cell.not_observable is not None:
            yield f"{place}, reason", "reason", cell.not_observable
        for name, probes in (("seen", cell.seen), ("unseen", cell.unseen)):
            yield from ((f"{place}, {name} {n}", "probe", probe) for n, probe in enumerate(probes, 1))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


def _runs(words: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Runs of three words; a shorter text is one run."""
    return frozenset(words[i : i + 3] for i in range(max(1, len(words) - 2)))


CHECKS: tuple[Callable[[Subject], Iterator[str]], ...] = (
    seed_items_answered,
    rows_complete,
    cells_complete,
    signals_feed_their_row,
    names_known,
    more_evidence_never_costs,
    rules_distinguish,
    higher_asks_no_less,
    texts_distinct,
    texts_shaped,
)
"""All checks, in the order in which their faults are easiest to mend."""
