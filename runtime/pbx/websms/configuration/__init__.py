"""Reads websms.conf and the profiles into frozen settings.

Import from here: `settings` (what the other packages need), `load` (from disk), `reader` (from
text; pure). Imports none of the other packages.
"""
