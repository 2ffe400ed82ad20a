"""What build.py does, one module for each: make, push, prove, compare.

Each takes a Session. `candidates` builds, measures and proves images for `make` and `push`;
`softphone` builds the phones' image meanwhile; `tables` shows results to people. Imports all
packages of the factory; nothing but build.py imports it.
"""
