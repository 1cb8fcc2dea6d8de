import itertools
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.definition.placeholders import OMITTED, Place, compile_template
from connectsmith.errors import FieldInvalid

ENGINES = (
    "{{%s}}", "{%% %s %%}", "${%s}", "#{%s}", "<%%= %s %%>", "{%s}", "{{=%s}}", "{{{%s}}}",
    "@{%s}", "[[${%s}]]", "{{ %s | e }}", "%%{%s}", "*{%s}", "~{%s}", "{@%s}", "$(%s)", "`%s`",
    "{{#with %s}}", "{{> %s}}", "{0.%s}", "{a.%s}", "{a!r:%s}",
)  # fmt: skip
EXPRESSIONS = (
    "7*7", "''.__class__", "''.__class__.__mro__[1].__subclasses__()", "config", "self.__dict__",
    "request.application.__globals__", "lipsum.__globals__['os'].popen('id').read()",
    "cycler.__init__.__globals__.os", "().__class__.__base__", "constructor.constructor('x')()",
    "__import__('os').system('id')", "T(java.lang.Runtime).getRuntime().exec('id')", "7*'7'",
    "x.__init__.__globals__", "dump(app)", "_self.env", "settings.SECRET_KEY", "a.b.c",
    "lookup . 'constructor'", "#this", "__proto__.polluted", "import os", "exec('x')", "1;2",
    "range(10)", "__class__", "__class__.__mro__", "range.constructor('return 1')()",
)  # fmt: skip
PAYLOADS = [engine % each for engine, each in itertools.product(ENGINES, EXPRESSIONS)]
TRAP = {"a": "value", "config": OMITTED}


def reference(text: str, values: dict[str, str]) -> str:
    """Fill placeholders the slow way, by hand."""
    out, at = "", 0
    while (start := text.find("{{", at)) >= 0:
        end = text.find("}}", start)
        inner = text[start + 2 : end] if end > 0 else "{"
        if "{" in inner or "}" in inner or not inner.strip(" \t\r\n"):
            out, at = out + text[at : start + 1], start + 1
            continue
        out, at = out + text[at:start] + values[inner.strip(" \t\r\n")], end + 2
    return out + text[at:]


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 500


@pytest.mark.row("T-50")
def test_template_payloads_stay_text_or_have_no_value() -> None:
    values = {"a": "value"}

    rendered = {each: compile_template(each).render(values) for each in PAYLOADS}

    assert {each for each, text in rendered.items() if text not in (each, OMITTED)} == set()


@given(st.text(alphabet="{} ab.\t\n(", max_size=40))
def test_rendering_equals_the_reference(text: str) -> None:
    template = compile_template(text)
    values = {name: f"<{name}>" for name in template.names}

    rendered = template.render(values)

    assert rendered == reference(text, values)


@pytest.mark.row("T-51")
@given(
    st.text(max_size=20), st.sampled_from(["{{secret}}", "{{ a }}", "{{b}}", "{{authFields.x}}"])
)
def test_placeholders_in_values_survive_as_text(around: str, inner: str) -> None:
    template = compile_template("[{{a}}|{{b}}]")
    value = around.replace("\ud800", "") + inner

    rendered = template.render({"a": value, "b": "{{a}}", "secret": "leaked", "authFields.x": "l"})

    assert rendered == f"[{value}|{{{{a}}}}]"


@pytest.mark.row("T-52")
@given(st.text(min_size=1))
def test_any_value_stays_inside_its_path_segment_and_reads_back(value: str) -> None:
    template = compile_template("/a/{{x}}/b?c=1")

    try:
        rendered = template.render({"x": value}, Place.PATH)
    except FieldInvalid:
        return

    assert rendered.count("/") == 3
    assert rendered.isascii()
    assert unquote(rendered.split("/")[2]) == value


@pytest.mark.parametrize("value", [".", "..", "%2e"])
@pytest.mark.parametrize("text", ["/a/{{x}}/b", "/a/{{x}}"])
def test_dot_segments_are_refused(value: str, text: str) -> None:
    template = compile_template(text)

    if value == "%2e":
        assert template.render({"x": value}, Place.PATH) == text.replace("{{x}}", "%252e")
        return
    with pytest.raises(FieldInvalid):
        template.render({"x": value}, Place.PATH)


def test_values_that_only_together_make_a_dot_segment_are_refused() -> None:
    template = compile_template("/a/{{x}}{{y}}/b")

    with pytest.raises(FieldInvalid):
        template.render({"x": ".", "y": "."}, Place.PATH)


@pytest.mark.parametrize("place", [Place.HEADER, Place.PATH, Place.QUERY])
@pytest.mark.parametrize("control", ["\r", "\n", "\x00", "\x7f", "\t", "\x85", "\u2028"])
def test_control_characters_are_refused_in_headers_and_urls(place: Place, control: str) -> None:
    template = compile_template("x {{a}}")

    with pytest.raises(FieldInvalid):
        template.render({"a": f"1{control}2"}, place)


@pytest.mark.parametrize("place", list(Place))
def test_half_a_character_pair_is_refused_everywhere(place: Place) -> None:
    template = compile_template("x{{a}}")

    with pytest.raises(FieldInvalid):
        template.render({"a": "\ud800"}, place)


@pytest.mark.parametrize("value", ["a.b", "A", "a_b", "a/b", "ü", "a b"])
def test_a_host_label_takes_only_its_own_characters(value: str) -> None:
    template = compile_template("{{a}}")

    with pytest.raises(FieldInvalid):
        template.render({"a": value}, Place.LABEL)


def test_a_text_that_is_one_placeholder_keeps_the_type() -> None:
    template = compile_template("{{ a }}")

    assert template.render({"a": [1, {"b": None}]}) == [1, {"b": None}]
    assert template.render({"a": False}) is False
    assert template.render({"a": 0}) == 0


def test_numbers_and_booleans_inside_text_are_written_as_json_writes_them() -> None:
    template = compile_template("{{a}}-{{b}}-{{c}}")

    assert template.render({"a": True, "b": 3, "c": 2.5}) == "true-3-2.5"


@pytest.mark.parametrize("value", [[1], {"a": 1}, float("nan"), object()])
def test_lists_and_objects_inside_text_are_refused(value: object) -> None:
    template = compile_template("x{{a}}")

    with pytest.raises(FieldInvalid):
        template.render({"a": value})


@pytest.mark.parametrize("values", [{}, {"a": None}, {"a": ""}])
@pytest.mark.parametrize("text", ["{{a}}", "x{{a}}"])
def test_a_placeholder_without_value_omits_the_whole(text: str, values: dict[str, object]) -> None:
    assert compile_template(text).render(values) is OMITTED


@pytest.mark.parametrize("text", ["", "plain", "{{", "}}", "{{ }}", "{a}", "{{a}", "{{{a}"])
def test_what_is_no_placeholder_is_literal(text: str) -> None:
    template = compile_template(text)

    assert template.literal == text
    assert template.render({"a": "x"}) == text


def test_names_are_kept_as_written_without_spaces() -> None:
    template = compile_template("{{ My Secret }}/{{authFields.x}}")

    assert template.names == {"My Secret", "authFields.x"}
    assert template.literal is None
