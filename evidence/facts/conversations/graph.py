"""Who reviews whom, as a directed graph from reviewers to authors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.conversations.reviews import ReviewRemark

if TYPE_CHECKING:
    import networkx as nx


class Reach(Struct, frozen=True, kw_only=True):
    """How far one person's reviews go: distinct authors, of how many others who wrote changes, and folders.

    ``centrality`` is the out-degree centrality in the review graph: the share of all others in it whom they review.
    """

    authors: int
    others: int
    areas: tuple[str, ...]
    centrality: float


def review_graph(remarks: Iterable[ReviewRemark], authors: Iterable[str]) -> nx.DiGraph[str]:
    """Nodes are people, edges lead from reviewers to authors; ``changes`` of an edge counts the changes reviewed."""
    import networkx

    pairs: dict[tuple[str, str], set[int]] = {}
    for each in remarks:
        pairs.setdefault((each.reviewer, each.author), set()).add(each.change)
    graph: nx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(sorted(set(authors)))
    for (reviewer, author), changes in sorted(pairs.items()):
        graph.add_edge(reviewer, author, changes=len(changes))
    return graph


def reaches(graph: nx.DiGraph[str], remarks: Iterable[ReviewRemark], authors: Iterable[str]) -> dict[str, Reach]:
    """The reach of everybody who reviews, by login."""
    import networkx

    writing = set(authors)
    areas: dict[str, set[str]] = {}
    for each in remarks:
        areas.setdefault(each.reviewer, set()).update([each.area] if each.area else [])
    centrality = networkx.out_degree_centrality(graph)
    return {
        reviewer: Reach(
            authors=graph.out_degree(reviewer),
            others=len(writing - {reviewer}),
            areas=tuple(sorted(areas[reviewer])),
            centrality=centrality[reviewer],
        )
        for reviewer in sorted(areas)
    }
