"""Names of the labels that say what an image was made of."""

ANNOTATION = "org.opencontainers.image"
"""What the names of OCI's labels begin with."""

BASE = "asterisk-image-factory.base"
"""The base that the packages were installed on: reference and digest.

OCI's `image.base.digest` is for a base whose layers an image shares. Assembled roots share none.
"""

PACKAGES = "asterisk-image-factory.packages"
"""When the distribution's archive was last changed before the packages were installed."""
