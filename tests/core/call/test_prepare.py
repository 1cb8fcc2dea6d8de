import base64
import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.call.definitions import define, plan, request

from connectsmith.errors import DefinitionError, FieldInvalid

FORM = {"contentType": "application/x-www-form-urlencoded"}
MULTIPART = {"contentType": "multipart/form-data"}


def headers_of(sent: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in sent.headers}


def body_of(fields: list[dict[str, Any]], given: dict[str, object], **options: Any) -> Any:
    return request(define(fields, **options), given).body


def test_without_a_place_fields_go_where_the_method_puts_them() -> None:
    fields = [{"key": "a"}, {"key": "id"}]
    urls = [{"key": "id"}, {"key": "u"}]

    sent = request(
        define(fields, url_fields=urls, path="/things/{id}"), {"a": "1", "id": "2", "u": "3"}
    )

    assert sent.url == "https://api.example.com/v1/things/2?u=3"
    assert json.loads(sent.body) == {"a": "1", "id": "2"}


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_fields_of_reads_and_deletes_go_to_the_query(method: str) -> None:
    sent = request(define([{"key": "a"}], method=method), {"a": "x y&z"})

    assert sent.url == "https://api.example.com/v1/things?a=x%20y%26z"
    assert sent.body == b""
    assert "content-type" not in headers_of(sent)


def test_an_action_field_fills_the_path_when_no_url_field_does() -> None:
    sent = request(
        define([{"key": "id"}, {"key": "a"}], path="/things/{id}"), {"id": "2", "a": "1"}
    )

    assert sent.url.endswith("/things/2")
    assert json.loads(sent.body) == {"a": "1"}


def test_every_place_can_be_named() -> None:
    fields = [
        {"key": "q", "in": "query", "name": "the q"},
        {"key": "h", "in": "header", "name": "X-Thing"},
        {"key": "b", "in": "body", "name": "B"},
    ]

    sent = request(define(fields), {"q": True, "h": 5, "b": None})

    assert sent.url.endswith("?the%20q=true")
    assert headers_of(sent)["x-thing"] == "5"
    assert sent.body == b'{"B":null}'


def test_a_json_body_keeps_types_and_holds_files_as_base64() -> None:
    fields = [{"key": "n", "type": "number"}, {"key": "f", "type": "file"}]

    sent = request(define(fields), {"n": "1.50", "f": {"content": "aGk="}})

    assert sent.body == b'{"n":1.5,"f":"aGk="}'
    assert headers_of(sent)["content-type"] == "application/json"


def test_a_json_body_without_values_is_an_empty_object() -> None:
    assert body_of([{"key": "a"}], {}) == b"{}"


def test_an_action_without_fields_of_a_body_sends_none() -> None:
    sent = request(define([]), {})

    assert sent.body == b""
    assert "content-type" not in headers_of(sent)


LISTS = [
    ("repeat", [1, 2], "a=1&a=2"),
    ("comma", ["1,5", 2], "a=1%2C5,2"),
    ("brackets", [1, 2], "a%5B%5D=1&a%5B%5D=2"),
    ("repeat", {"b": {"c": 1}}, "a%5Bb%5D%5Bc%5D=1"),
    ("repeat", [{"b": 1}, {"b": 2}], "a%5B0%5D%5Bb%5D=1&a%5B1%5D%5Bb%5D=2"),
    ("brackets", {"b": [1, 2]}, "a%5Bb%5D%5B%5D=1&a%5Bb%5D%5B%5D=2"),
    ("repeat", [], "a="),
    ("brackets", [], "a%5B%5D="),
    ("repeat", {}, "a="),
    ("repeat", [True, None], "a=true"),
]


@pytest.mark.parametrize(("style", "value", "written"), LISTS)
def test_lists_and_nesting_are_written_alike_in_forms_and_queries(
    style: str, value: object, written: str
) -> None:
    kind = "array" if isinstance(value, list) else "object"
    field = {"key": "a", "type": kind, "style": style}

    form = request(define([field], endpoint=FORM), {"a": value})
    query = request(define([field], method="GET"), {"a": value})

    assert form.body.decode() == written
    assert urlsplit(query.url).query == written
    assert headers_of(form)["content-type"] == "application/x-www-form-urlencoded"


def test_a_form_writes_spaces_as_plus() -> None:
    assert body_of([{"key": "a b"}], {"a b": "c+ d"}, endpoint=FORM) == b"a+b=c%2B+d"


def test_a_field_in_a_form_makes_the_body_a_form() -> None:
    sent = request(define([{"key": "a", "in": "form"}]), {"a": "1"})

    assert (sent.body, headers_of(sent)["content-type"]) == (b"a=1", FORM["contentType"])


def parts_of(sent: Any) -> list[tuple[Any, Any, Any, Any]]:
    head = f"Content-Type: {headers_of(sent)['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + sent.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def test_a_multipart_body_has_a_part_for_each_value() -> None:
    fields = [{"key": "f", "in": "file"}, {"key": "a"}, {"key": "o", "type": "object"}]
    file = {"content": "AAEC", "name": "x.bin", "type": "image/png"}

    sent = request(define(fields, endpoint=MULTIPART), {"f": file, "a": "x\r\ny", "o": {"b": 1}})

    assert parts_of(sent) == [
        ("f", "x.bin", "image/png", b"\0\1\2"),
        ("a", None, "text/plain", b"x\r\ny"),
        ("o[b]", None, "text/plain", b"1"),
    ]


@given(content=st.binary(max_size=300), other=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_content_can_end_its_part(content: bytes, other: str) -> None:
    file = {"content": base64.b64encode(b"\r\n--connectsmith-" + content).decode()}
    fields = [{"key": "f", "type": "file"}, {"key": "a"}]

    sent = request(define(fields, endpoint=MULTIPART), {"f": file, "a": other})

    boundary = headers_of(sent)["content-type"].partition("boundary=")[2].encode()
    assert sent.body.count(b"--" + boundary) == (3 if other else 2)


def test_the_name_of_a_file_cannot_leave_its_quotes() -> None:
    file = {"content": "", "name": 'a"; name="b'}

    sent = request(define([{"key": "f", "in": "file"}], endpoint=MULTIPART), {"f": file})

    assert b'filename="a%22; name=%22b"' in sent.body


@pytest.mark.row("T-53")
@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1", "a\0b", "a\nb"])
def test_control_characters_in_a_file_s_name_are_refused(name: str) -> None:
    with pytest.raises(FieldInvalid) as caught:
        request(
            define([{"key": "f", "in": "file"}], endpoint=MULTIPART),
            {"f": {"content": "", "name": name}},
        )

    assert caught.value.place == "f"


WHOLE = [
    ("string", "text/plain", "Hällo", "Hällo".encode(), "text/plain"),
    ("file", None, {"content": "AAE=", "type": "image/png"}, b"\0\1", "image/png"),
    ("file", "application/pdf", {"content": "AAE="}, b"\0\1", "application/pdf"),
    ("array", None, [1, {"a": None}], b'[1,{"a":null}]', "application/json"),
    ("object", "application/vnd.api+json", {"a": 1}, b'{"a":1}', "application/vnd.api+json"),
    ("string", None, '{"a":1}', b'{"a":1}', "application/json"),
]


@pytest.mark.parametrize("case", WHOLE)
def test_one_field_can_be_the_whole_body(
    case: tuple[str, str | None, object, bytes, str],
) -> None:
    kind, content_type, value, body, sent_type = case
    endpoint = {"contentType": content_type} if content_type else {}
    field = {"key": "all", "in": "wholeBody", "type": kind}

    sent = request(define([field], endpoint=endpoint), {"all": value})

    assert (sent.body, headers_of(sent)["content-type"]) == (body, sent_type)


UNUSABLE = [
    ([{"key": "a", "in": "wholeBody"}, {"key": "b"}], {}),
    ([{"key": "a"}], {"contentType": "application/xml"}),
    ([{"key": "a", "type": "colour"}], {}),
    ([{"key": "a", "in": "header", "type": "object"}], {}),
    ([{"key": "a", "in": "header", "name": "bad name"}], {}),
    ([{"key": "a", "in": "header", "name": "a\r\nX: y"}], {}),
    ([], {"headers": {"a b": "c"}}),
    ([], {"headers": {"a": "b\r\nX: y"}}),
    ([], {"headers": {"Transfer-Encoding": "chunked"}}),
    ([{"key": "a"}], {"contentType": "application/json\r\nX: y"}),
]


@pytest.mark.parametrize(("fields", "endpoint"), UNUSABLE)
def test_an_action_that_cannot_be_written_is_refused_when_it_is_used(
    fields: list[dict[str, Any]], endpoint: dict[str, Any]
) -> None:
    with pytest.raises(DefinitionError):
        plan(fields, endpoint=endpoint)


RESERVED = [
    "Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Proxy-Authorization",
    "X-Forwarded-For", "Cookie", "Upgrade", "TE",
]  # fmt: skip


@pytest.mark.parametrize("name", RESERVED)
def test_no_field_of_an_action_may_name_a_reserved_header(name: str) -> None:
    with pytest.raises(DefinitionError):
        plan([{"key": "x", "in": "header", "name": name}])


def test_a_header_of_the_caller_s_goes_before_the_endpoint_s() -> None:
    field = {"key": "v", "in": "header", "name": "X-Version"}
    endpoint = {"headers": {"X-Version": "1", "Accept": "text/plain"}}

    default = request(define([field], endpoint=endpoint), {})
    given = request(define([field], endpoint=endpoint), {"v": "2"})

    assert headers_of(default)["x-version"] == "1"
    assert [value for name, value in given.headers if name == "X-Version"] == ["2"]
    assert headers_of(given)["accept"] == "text/plain"


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1))
def test_a_path_value_stays_one_segment(value: str) -> None:
    definition = define([], url_fields=[{"key": "id"}], path="/things/{id}/end")

    try:
        sent = request(definition, {"id": value})
    except FieldInvalid as error:
        assert (value, error.place) in {(".", "id"), ("..", "id")}  # noqa: PT017 - both can be
        return
    url = urlsplit(sent.url)
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("https", "api.example.com", "", "")
    assert url.path.count("/") == 4


@given(
    values=st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1),
    )
)
def test_forms_and_queries_read_back_to_the_same_values(values: dict[str, str]) -> None:
    fields = [{"key": key} for key in ("a", "b", "c")]

    form = request(define(fields, endpoint=FORM), values)
    query = request(define(fields, method="GET"), values)

    assert dict(parse_qsl(form.body.decode())) == values
    assert dict(parse_qsl(urlsplit(query.url).query)) == values
