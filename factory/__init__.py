"""Builds, proves, measures and tags the images.

In the order in which they may import each other: `plan` says what is made, `build` makes it in the
engine, `proof` shows that it works, `evidence` keeps what is known of it, `release` tags and pushes
it. `pipeline` joins them for build.py, with `command_line`, `request` and `printing`. All may
import `errors`, `waiting` and `console`. tests/unit/test_doors.py holds this.
"""
