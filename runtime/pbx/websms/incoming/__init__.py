"""Receives SMS from providers: from an HTTP request to a row in the inbox.

`web` is the server; `origin`, `signatures`, `fields` and `checks` are its pure parts. Import from
here: `web`, `inbox` (where SMS are kept), `checks`, `signatures`. Imports `configuration`.
"""
