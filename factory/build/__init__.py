"""Makes images in the container engine.

The only package that imports Docker's SDK to talk to an engine. Import from here: `engine`,
`builder` (images of the catalog), `base` (what they are built on), `fixture_image` and `softphone`
(images of fixture services). Imports `plan`.
"""
