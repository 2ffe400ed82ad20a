"""The jobs of CI, as the catalog has them."""

from factory.plan.catalog import Catalog
from factory.plan.matrix import ci_matrix

KEYS = {"image", "distro", "arch", "platform", "runner", "gate"}


def test_a_job_for_each_image_machine_and_distribution(catalog: Catalog) -> None:
    jobs = ci_matrix(catalog, catalog.images, catalog.distributions)["include"]
    names = {(job["image"], job["distro"], job["arch"]) for job in jobs}
    expected = len(catalog.images) * len(catalog.distributions) * len(catalog.architectures)
    assert len(names) == len(jobs) == expected
    assert expected <= 256  # the most that GitHub runs


def test_a_job_has_what_it_needs(catalog: Catalog) -> None:
    for job in ci_matrix(catalog, ["mini"], catalog.distributions)["include"]:
        assert job.keys() == KEYS
        assert all(job.values())
        machine = catalog.architectures[job["arch"]]
        assert (job["platform"], job["runner"]) == (machine.platform, machine.runner)


def test_arm64_is_proven_on_a_machine_that_is_one(catalog: Catalog) -> None:
    for job in ci_matrix(catalog, catalog.images, catalog.distributions)["include"]:
        assert job["platform"] == f"linux/{job['arch']}"
        assert job["runner"].endswith("-arm") == (job["arch"] == "arm64")


def test_all_suites_run_where_both_machine_and_distribution_allow_it(catalog: Catalog) -> None:
    jobs = ci_matrix(catalog, ["mini"], catalog.distributions)["include"]
    full = {(job["distro"], job["arch"]) for job in jobs if job["gate"] == "full"}
    assert full == {("debian", "amd64")}
    assert {job["gate"] for job in jobs} == {"quick", "full"}
