"""The largest size allowed."""

from dataclasses import replace

import pytest

from factory.errors import BudgetError
from factory.evidence.budget import check_budget
from factory.plan.models import Budget
from tests.unit.factory.evidence.example import FULL


def test_budget_allows_exactly_its_size() -> None:
    check_budget(FULL, Budget(uncompressed=57, compressed=23))


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(uncompressed=56.9, compressed=23), "over its budget: 57.0 MB uncompressed, 56.9"),
        (Budget(uncompressed=58, compressed=22), "over its budget: 23.0 MB compressed, 22 allowed"),
        (Budget(uncompressed=1, compressed=2), "1 allowed; 23.0 MB compressed, 2 allowed; biggest"),
    ],
)
def test_budget_error_names_size_and_limit(budget: Budget, said: str) -> None:
    with pytest.raises(BudgetError) as caught:
        check_budget(FULL, budget)
    assert caught.value.cause.startswith("mini is ")
    assert said in caught.value.cause
    assert "stages/images.yaml" in caught.value.hint


def test_budget_error_lists_the_ten_biggest_packages() -> None:
    sizes = {f"package{size}": size * 10**6 for size in range(12, 0, -1)}
    with pytest.raises(BudgetError) as caught:
        check_budget(replace(FULL, size_by_package=sizes), Budget(uncompressed=1, compressed=23))
    listed = caught.value.cause.partition("in MB: ")[2].split(", ")
    assert listed == [f"package{size} {size}.0" for size in range(12, 2, -1)]
