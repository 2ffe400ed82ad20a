"""Proves that a candidate works, before it gets a tag.

Import from here: `gate` (the checks that every image passes), `expectation` (what an image has
to show) and `suites` (the full gate: all tests for containers). The rest are parts of the gate: the
candidate, and its checks in their order. Imports `plan`, `build` and the softphones of `fixtures`.
"""
