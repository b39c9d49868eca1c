"""The reference: one page for each signal and one for the matrix, from the declarations and fixtures alone.

``docs/``, the README's index and the commands ``signals``, ``explain`` and ``matrix`` all come from here, so none of
them can say something that the detectors, the fixtures and the matrix do not.
"""
