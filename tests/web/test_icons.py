import base64
import json

import pytest
from tests.journeys.calendar import definition
from tests.service.standing import ISSUER, Standing
from tests.web.operator import signed_in

from connectsmith.web.icons import Picture, picture_of

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>window.__x = 1</script></svg>'


@pytest.mark.parametrize(
    ("uri", "picture"),
    [
        ("data:image/png;base64,iVBORw==", Picture("image/png", b"\x89PNG")),
        ("data:image/svg+xml,%3Csvg/%3E", Picture("image/svg+xml", b"<svg/>")),
        ("data:image/svg+xml;charset=utf-8;base64,PHN2Zy8+", Picture("image/svg+xml", b"<svg/>")),
        ("data:image/png;base64,***", None),
        ("data:text/html,<b>", None),
        ("data:image/svg+xml;x=text/html,<svg/>", None),
        ("https://example.com/i.png", None),
    ],
)
def test_icon_is_a_picture_or_none(uri: str, picture: Picture | None) -> None:
    assert picture_of(uri) == picture


async def test_icon_can_run_nothing_even_when_opened_by_itself(installation: Standing) -> None:
    uri = f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"
    text = json.dumps({**definition(ISSUER), "icon": uri})
    connector = (await installation.caller.post("/v1/connectors", {"definition": text}))["id"]
    browser = await signed_in(installation)

    answer = await browser.get(f"/connectors/{connector}/icon")

    assert answer.content == SVG
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    without = await browser.get(f"/connectors/{await installation.connector()}/icon")
    assert without.status_code == 404
