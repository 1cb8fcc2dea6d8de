import pytest

from connectsmith.presets.catalogue import first, preset, presets, search


def test_presets_come_by_name_and_each_once() -> None:
    names = [each.name.casefold() for each in presets()]

    assert names == sorted(names)
    assert len({each.id for each in presets()}) == len(presets())


def test_a_preset_is_found_by_its_id() -> None:
    found = preset("google")

    assert found is not None
    assert found.name == "Google"
    assert preset("no-such-service") is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("google", "google"),
        ("GitH", "github"),
        ("gmail", "google"),
        ("onedrive", "microsoft"),
        ("jira", "atlassian"),
    ],
)
def test_a_search_finds_names_and_keywords(text: str, first: str) -> None:
    assert search(text)[0].id == first


def test_a_search_for_nothing_lists_all_and_those_looked_for_most_first() -> None:
    found = search(" ")

    assert tuple(each.id for each in found[: len(first())]) == first()
    assert found[len(first()) :] == tuple(each for each in presets() if each.id not in first())


def test_a_search_that_fits_nothing_is_empty() -> None:
    assert search("no such service") == ()
