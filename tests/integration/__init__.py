import pytest

# What these modules assert is explained as in tests.
pytest.register_assert_rewrite("tests.integration.talk")
