"""From Asterisk's security events to decisions: who is banned or rate-limited, and for how long.

Pure: no clock, no files, no sockets. Times are arguments, in seconds of a clock that never goes
back. `guard` is the entrance; `rules` are the numbers that it goes by.
"""
