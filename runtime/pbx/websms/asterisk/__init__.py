"""Delivers SMS from the inbox to phones, by way of Asterisk's dialplan.

`delivery` is the loop, `asterisk_client` one attempt; `dialplan` and `agi` are their pure parts,
`fastagi` a server that Asterisk calls. Import from here: `delivery`, `asterisk_client`. Imports
`configuration`, and of `incoming` the inbox and the checks.
"""
