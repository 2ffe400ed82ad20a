"""The catalog, and all that is derived from it.

Dockerfile, build context, tags, CI matrix, bake file and pictures are functions from values to
values. Only `load`, `recipe` and `context` read files; there is no engine, network or clock. Import
from here: `load`, `catalog`, `models`, `recipe`, `dockerfile`, `context`, `tags`, `snapshot`,
`foreign_platform`, and for `build.py --print`: `bake`, `matrix`, `picture`, `schema`. Imports no
package.
"""
