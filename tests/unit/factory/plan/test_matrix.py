"""The jobs of CI, as the catalog has them."""

from factory.plan.catalog import Catalog
from factory.plan.matrix import ci_matrix


def test_matrix_has_a_job_for_each_image_platform_and_distribution(catalog: Catalog) -> None:
    jobs = ci_matrix(catalog, catalog.images, catalog.distributions)["include"]
    names = {(job["image"], job["distro"], job["arch"]) for job in jobs}
    expected = len(catalog.images) * len(catalog.distributions) * len(catalog.architectures)
    assert len(names) == len(jobs) == expected
    assert expected <= 256  # the most that GitHub runs


def test_matrix_runs_arm64_on_arm64(catalog: Catalog) -> None:
    for job in ci_matrix(catalog, catalog.images, catalog.distributions)["include"]:
        assert job["platform"] == f"linux/{job['arch']}"
        assert job["runner"].endswith("-arm") == (job["arch"] == "arm64")


def test_matrix_has_full_gates_where_platform_and_distribution_allow(catalog: Catalog) -> None:
    jobs = ci_matrix(catalog, ["mini"], catalog.distributions)["include"]
    full = {(job["distro"], job["arch"]) for job in jobs if job["gate"] == "full"}
    assert full == {("debian", "amd64")}
    assert {job["gate"] for job in jobs} == {"quick", "full"}
