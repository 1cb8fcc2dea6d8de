import hashlib

from tests.service.standing import Standing

from connectsmith.web.static_files import static_address


async def test_script_is_served_for_a_year_under_the_hash_of_its_content(
    installation: Standing,
) -> None:
    address = static_address("workbench.js")

    answer = await installation.browser().client.get(address)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashlib.sha256(answer.content).hexdigest()[:16] in address


async def test_address_of_another_content_is_unknown_and_not_kept(installation: Standing) -> None:
    client = installation.browser().client

    for name in ("workbench.js", "workbench.0123456789abcdef.js", "..%2fpages.py"):
        answer = await client.get(f"/static/{name}")
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"
