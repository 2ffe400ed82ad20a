"""WebSMS: the gateway between SMS over HTTP and SIP MESSAGE.

`configuration` reads websms.conf, `incoming` receives SMS from providers, `asterisk` delivers them
to phones, `outgoing` sends to providers. `daemon` and `gateway` join them; `main` is the command.
"""
