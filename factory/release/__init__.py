"""Gives proven images their tags: in the engine, in a registry, and joined for several platforms.

Import from here: `publish` (tags and pushes), `push_plan` (what a push does, pure), `registry`
(what a registry has), `docker_config` (the login that Docker keeps), and `index`, which is a
command of its own: `python -m factory.release.index`. Imports `plan`, `build` and
`evidence`.
"""
