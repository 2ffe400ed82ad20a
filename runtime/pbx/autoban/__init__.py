"""AutoBan: bans addresses that guess passwords.

`daemon` starts the service, `running` puts its parts together, `main` is the command. The parts are
in packages, each of which may import those above it: `judgement` decides, `kernel` drops packets,
`manager` talks to Asterisk, `control` answers the command.
"""
