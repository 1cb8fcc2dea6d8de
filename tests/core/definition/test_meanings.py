import inspect

import pytest

from connectsmith.core.definition import model
from connectsmith.core.definition.meanings import MEANINGS

MODELS = {
    name: each
    for name, each in vars(model).items()
    if inspect.isclass(each) and issubclass(each, model.Member) and each is not model.Member
}


@pytest.mark.parametrize("name", MODELS)
def test_every_member_of_the_format_has_a_meaning_and_nothing_else_has(name: str) -> None:
    fields = MODELS[name].model_fields.items()

    assert set(MEANINGS[name]) == {field.alias or attribute for attribute, field in fields}


def test_every_object_with_meanings_is_a_model() -> None:
    assert set(MEANINGS) == set(MODELS)
