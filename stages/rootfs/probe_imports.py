"""Run by itself: imports the modules named as arguments and prints the source files loaded.

It uses nothing but `sys`, so that it adds no file of its own to the list.
"""

import sys

for name in sys.argv[1:]:
    __import__(name)

specs = [getattr(module, "__spec__", None) for module in list(sys.modules.values())]
origins = {spec.origin for spec in specs if spec is not None and spec.origin is not None}
print("\n".join(sorted(origin for origin in origins if origin.endswith(".py"))))
