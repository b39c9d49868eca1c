"""The competency matrix as data, and the aggregator that turns findings into cells.

``load`` reads the data, ``rules`` is the rule language, ``inputs`` what the aggregator is given, ``aggregate`` the
aggregator, ``words`` the rules in plain words, ``lint`` the checks that the data must pass.
"""
