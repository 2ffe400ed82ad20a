"""What is known of an image: files in `build/IMAGE/`, and the difference between two images.

Import from here: `manifest` (measures an image; reads and writes its folder), `difference`, `sbom`,
`size_map`. `packages`, `apk_database` and `shares` are parts of the measuring. All but `manifest`
are pure. Imports `plan`, `build` and `proof`.
"""
