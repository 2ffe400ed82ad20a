"""Tags proven images: in the engine, in a registry, and joined for several platforms.

Import from here: `publish` (tags and pushes), `push_plan` (what a push does, pure), `registry`
(queries to a registry), `docker_config` (the login that Docker stores), and `index`, which is a
command of its own: `python -m factory.release.index`. Imports `plan`, `build` and
`evidence`.
"""
