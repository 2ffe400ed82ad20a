"""Facts on an image: files in `build/IMAGE/`, and the difference between two images.

Import from here: `measure` (packages and sizes, from the image itself), `folder` (reads and writes
the files), `budget`, `difference`, `sbom`, `size_map`. `packages`, `apk_database` and `shares` are
parts of the measuring. All but `measure` and `folder` are pure. Imports `plan`, `build`, `proof`.
"""
