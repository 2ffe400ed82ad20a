"""What is to be made: the catalog, and all that is derived from it.

Dockerfile, build context, tags, CI matrix, bake file and pictures are functions from values to
values; only reading the catalog, the checkout's sources and its templates touches files. No engine,
no network, no clock. Import from here: `catalog`, `tags`, `dockerfile`, `context`, `snapshot`,
`machine`, and for `build.py --print` `bake`, `matrix` and `picture`. Imports no other package.
"""
