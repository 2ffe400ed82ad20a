"""Sends SMS to providers: from a row in the outbox to an HTTP request.

Import from here: `sending` (the loop), `outbox` (where SMS are kept), `request`, `route` and
`provider_client` (one attempt). Imports `configuration`, the inbox for notices to senders, and one
signature that providers use in both directions.
"""
