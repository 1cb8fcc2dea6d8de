"""What each service's documentation says of the requests that the samples make."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Expected:
    """One documented request; everything that is not named here must not be sent.

    `body` is an object for JSON, a list of pairs for a form, and for multipart a mapping of part
    names to texts or (file name, media type, content).
    """

    action: str
    fields: dict[str, Any]
    method: str
    path: str
    docs: str
    query: dict[str, str] = field(default_factory=dict)
    form: str = "none"
    body: Any = None
    answer: Any = field(default_factory=dict)
    value: Any = None


@dataclass(frozen=True)
class Service:
    """One service: where it is, the header or parameter that must carry the credential."""

    sample: str
    origin: str
    requests: list[Expected]
    headers: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    owner_fields: dict[str, str] = field(default_factory=dict)


_GOOGLE = "https://developers.google.com/workspace/calendar/api/v3/reference"
_CALENDAR = "/calendar/v3/calendars/team%40group.calendar.google.com"
_START = {"dateTime": "2026-12-01T09:00:00+01:00"}
_END = {"dateTime": "2026-12-01T10:00:00+01:00"}
GOOGLE_CALENDAR = Service(
    "google-calendar",
    "https://www.googleapis.com",
    headers={"authorization": "Bearer access-token-canary"},
    requests=[
        Expected(
            "auth_test", {}, "GET", "/calendar/v3/calendars/primary", f"{_GOOGLE}/calendars/get"
        ),
        Expected(
            "calendar.list", {"maxResults": 10}, "GET", "/calendar/v3/users/me/calendarList",
            f"{_GOOGLE}/calendarList/list",
            query={"maxResults": "10"}, answer={"items": [{"id": "primary"}]},
            value=[{"id": "primary"}],
        ),
        Expected(
            "event.list",
            {
                "timeMin": "2026-12-01T00:00:00Z", "q": "lunch & more", "singleEvents": True,
                "orderBy": "startTime",
            },
            "GET", "/calendar/v3/calendars/primary/events", f"{_GOOGLE}/events/list",
            query={
                "timeMin": "2026-12-01T00:00:00Z", "q": "lunch & more", "singleEvents": "true",
                "orderBy": "startTime",
            },
        ),
        Expected(
            "event.get", {"calendarId": "team@group.calendar.google.com", "eventId": "e1"},
            "GET", f"{_CALENDAR}/events/e1", f"{_GOOGLE}/events/get",
        ),
        Expected(
            "event.insert",
            {
                "calendarId": "team@group.calendar.google.com", "summary": "Planning",
                "start": _START, "end": _END, "attendees": [{"email": "ada@example.com"}],
                "sendUpdates": "all",
            },
            "POST", f"{_CALENDAR}/events", f"{_GOOGLE}/events/insert",
            query={"sendUpdates": "all"}, form="json",
            body={
                "summary": "Planning", "start": _START, "end": _END,
                "attendees": [{"email": "ada@example.com"}],
            },
        ),
        Expected(
            "event.patch", {"eventId": "e1", "location": "Room 5"},
            "PATCH", "/calendar/v3/calendars/primary/events/e1", f"{_GOOGLE}/events/patch",
            form="json", body={"location": "Room 5"},
        ),
        Expected(
            "event.delete", {"eventId": "e1", "sendUpdates": "none"},
            "DELETE", "/calendar/v3/calendars/primary/events/e1", f"{_GOOGLE}/events/delete",
            query={"sendUpdates": "none"},
        ),
        Expected(
            "event.quickAdd", {"text": "Lunch tomorrow at noon"},
            "POST", "/calendar/v3/calendars/primary/events/quickAdd", f"{_GOOGLE}/events/quickAdd",
            query={"text": "Lunch tomorrow at noon"},
        ),
    ],
)  # fmt: skip

_GITHUB = "https://docs.github.com/en/rest"
_HELLO = {"owner": "octocat", "repo": "hello"}
_USER = f"{_GITHUB}/users/users#get-the-authenticated-user"
_ISSUES = "/repos/octocat/hello/issues"
GITHUB = Service(
    "github",
    "https://api.github.com",
    headers={
        "authorization": "Bearer access-token-canary",
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
    },
    requests=[
        Expected("auth_test", {}, "GET", "/user", _USER),
        Expected("user.get", {}, "GET", "/user", _USER),
        Expected(
            "repository.list", {"visibility": "private", "per_page": 50}, "GET", "/user/repos",
            f"{_GITHUB}/repos/repos#list-repositories-for-the-authenticated-user",
            query={"visibility": "private", "per_page": "50"},
        ),
        Expected(
            "repository.get", _HELLO, "GET", "/repos/octocat/hello",
            f"{_GITHUB}/repos/repos#get-a-repository",
        ),
        Expected(
            "issue.list", {**_HELLO, "state": "all", "labels": ["bug", "ui"]}, "GET", _ISSUES,
            f"{_GITHUB}/issues/issues#list-repository-issues",
            query={"state": "all", "labels": "bug,ui"},
        ),
        Expected(
            "issue.get", {**_HELLO, "issue_number": 7}, "GET", f"{_ISSUES}/7",
            f"{_GITHUB}/issues/issues#get-an-issue",
        ),
        Expected(
            "issue.create", {**_HELLO, "title": "It breaks", "labels": ["bug"]}, "POST", _ISSUES,
            f"{_GITHUB}/issues/issues#create-an-issue",
            form="json", body={"title": "It breaks", "labels": ["bug"]},
        ),
        Expected(
            "issue.update",
            {**_HELLO, "issue_number": 7, "state": "closed", "state_reason": "completed"},
            "PATCH", f"{_ISSUES}/7", f"{_GITHUB}/issues/issues#update-an-issue",
            form="json", body={"state": "closed", "state_reason": "completed"},
        ),
        Expected(
            "comment.create", {**_HELLO, "issue_number": 7, "body": "Thanks"},
            "POST", f"{_ISSUES}/7/comments", f"{_GITHUB}/issues/comments#create-an-issue-comment",
            form="json", body={"body": "Thanks"},
        ),
        Expected(
            "issue.lock", {**_HELLO, "issue_number": 7, "lock_reason": "resolved"},
            "PUT", f"{_ISSUES}/7/lock", f"{_GITHUB}/issues/issues#lock-an-issue",
            form="json", body={"lock_reason": "resolved"},
        ),
        Expected(
            "issue.unlock", {**_HELLO, "issue_number": 7},
            "DELETE", f"{_ISSUES}/7/lock", f"{_GITHUB}/issues/issues#unlock-an-issue",
        ),
        Expected(
            "search.issues", {"q": "repo:octocat/hello is:open", "order": "desc"},
            "GET", "/search/issues", f"{_GITHUB}/search/search#search-issues-and-pull-requests",
            query={"q": "repo:octocat/hello is:open", "order": "desc"},
            answer={"total_count": 0, "items": []}, value=[],
        ),
    ],
)  # fmt: skip

_SLACK = "https://docs.slack.dev/reference/methods"
SLACK = Service(
    "slack",
    "https://slack.com",
    headers={"authorization": "Bearer access-token-canary"},
    content_type="application/json; charset=utf-8",
    requests=[
        Expected(
            "auth_test", {}, "POST", "/api/auth.test", f"{_SLACK}/auth.test", answer={"ok": True}
        ),
        Expected(
            "message.post", {"channel": "C1", "text": "Hällo"}, "POST", "/api/chat.postMessage",
            f"{_SLACK}/chat.postMessage",
            form="json", body={"channel": "C1", "text": "Hällo"}, answer={"ok": True},
        ),
        Expected(
            "message.update", {"channel": "C1", "ts": "1.2", "text": "Hello"},
            "POST", "/api/chat.update", f"{_SLACK}/chat.update",
            form="json", body={"channel": "C1", "ts": "1.2", "text": "Hello"}, answer={"ok": True},
        ),
        Expected(
            "message.delete", {"channel": "C1", "ts": "1.2"},
            "POST", "/api/chat.delete", f"{_SLACK}/chat.delete",
            form="json", body={"channel": "C1", "ts": "1.2"}, answer={"ok": True},
        ),
        Expected(
            "channel.list",
            {"types": ["public_channel", "private_channel"], "exclude_archived": True},
            "GET", "/api/conversations.list", f"{_SLACK}/conversations.list",
            query={"types": "public_channel,private_channel", "exclude_archived": "true"},
            answer={"ok": True, "channels": [1]}, value=[1],
        ),
        Expected(
            "channel.history", {"channel": "C1", "limit": 5},
            "GET", "/api/conversations.history", f"{_SLACK}/conversations.history",
            query={"channel": "C1", "limit": "5"}, answer={"ok": True, "messages": [1]}, value=[1],
        ),
        Expected(
            "user.list", {"cursor": "abc="}, "GET", "/api/users.list", f"{_SLACK}/users.list",
            query={"cursor": "abc="}, answer={"ok": True, "members": [1]}, value=[1],
        ),
        Expected(
            "user.get", {"user": "U1"}, "GET", "/api/users.info", f"{_SLACK}/users.info",
            query={"user": "U1"}, answer={"ok": True, "user": {"id": "U1"}}, value={"id": "U1"},
        ),
        Expected(
            "reaction.add", {"channel": "C1", "timestamp": "1.2", "name": "tada"},
            "POST", "/api/reactions.add", f"{_SLACK}/reactions.add",
            form="json", body={"channel": "C1", "timestamp": "1.2", "name": "tada"},
            answer={"ok": True},
        ),
    ],
)  # fmt: skip

_OPENAI = "https://platform.openai.com/docs/api-reference"
OPENAI = Service(
    "openai",
    "https://api.openai.com",
    headers={"authorization": "Bearer sk-canary-key"},
    owner_fields={"api_key": "sk-canary-key"},
    requests=[
        Expected("auth_test", {}, "GET", "/v1/models", f"{_OPENAI}/models/list"),
        Expected(
            "list.models", {}, "GET", "/v1/models", f"{_OPENAI}/models/list",
            answer={"object": "list", "data": [{"id": "m"}]}, value=[{"id": "m"}],
        ),
        Expected(
            "get.model", {"model": "ft:m:org/x"}, "GET", "/v1/models/ft%3Am%3Aorg%2Fx",
            f"{_OPENAI}/models/retrieve",
        ),
        Expected(
            "create.response", {"model": "m", "input": "Hi", "temperature": 0.5, "store": False},
            "POST", "/v1/responses", f"{_OPENAI}/responses/create",
            form="json", body={"model": "m", "input": "Hi", "temperature": 0.5, "store": False},
        ),
        Expected(
            "create.chatCompletion",
            {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
            "POST", "/v1/chat/completions", f"{_OPENAI}/chat/create",
            form="json", body={"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
        ),
        Expected(
            "create.completion", {"model": "m", "prompt": "Once", "max_tokens": "16"},
            "POST", "/v1/completions", f"{_OPENAI}/completions/create",
            form="json", body={"model": "m", "prompt": "Once", "max_tokens": 16},
        ),
        Expected(
            "create.embedding", {"model": "m", "input": ["a", "b"]},
            "POST", "/v1/embeddings", f"{_OPENAI}/embeddings/create",
            form="json", body={"model": "m", "input": ["a", "b"]},
            answer={"data": [1]}, value=[1],
        ),
        Expected(
            "create.moderation", {"input": "text"}, "POST", "/v1/moderations",
            f"{_OPENAI}/moderations/create",
            form="json", body={"input": "text"}, answer={"results": [1]}, value=[1],
        ),
        Expected(
            "create.file",
            {
                "file": {"content": "e30K", "name": "a b.jsonl", "type": "application/jsonl"},
                "purpose": "batch",
            },
            "POST", "/v1/files", f"{_OPENAI}/files/create",
            form="multipart",
            body={"file": ("a b.jsonl", "application/jsonl", b"{}\n"), "purpose": "batch"},
        ),
        Expected(
            "delete.file", {"file_id": "file-1"}, "DELETE", "/v1/files/file-1",
            f"{_OPENAI}/files/delete",
        ),
    ],
)  # fmt: skip

_SHOPIFY = "https://shopify.dev/docs/api/admin-rest/latest/resources"
_ADMIN = "/admin/api/2026-01"
SHOPIFY = Service(
    "shopify",
    "https://my-shop.myshopify.com",
    headers={"x-shopify-access-token": "shpat_canary"},
    owner_fields={"shop": "my-shop", "access_token": "shpat_canary"},
    requests=[
        Expected(
            "auth_test", {}, "GET", f"{_ADMIN}/shop.json", f"{_SHOPIFY}/shop#get-shop"
        ),
        Expected(
            "shop.get", {}, "GET", f"{_ADMIN}/shop.json", f"{_SHOPIFY}/shop#get-shop",
            answer={"shop": {"id": 1}}, value={"id": 1},
        ),
        Expected(
            "product.list", {"status": "active", "limit": 2, "fields": ["id", "title"]},
            "GET", f"{_ADMIN}/products.json", f"{_SHOPIFY}/product#get-products",
            query={"status": "active", "limit": "2", "fields": "id,title"},
            answer={"products": []}, value=[],
        ),
        Expected(
            "product.get", {"id": 632910392}, "GET", f"{_ADMIN}/products/632910392.json",
            f"{_SHOPIFY}/product#get-products-product-id", answer={"product": 1}, value=1,
        ),
        Expected(
            "product.create", {"product": {"title": "Shirt", "status": "draft"}},
            "POST", f"{_ADMIN}/products.json", f"{_SHOPIFY}/product#post-products",
            form="json", body={"product": {"title": "Shirt", "status": "draft"}},
            answer={"product": 1}, value=1,
        ),
        Expected(
            "product.update", {"id": 5, "product": {"vendor": "Acme"}},
            "PUT", f"{_ADMIN}/products/5.json", f"{_SHOPIFY}/product#put-products-product-id",
            form="json", body={"product": {"vendor": "Acme"}}, answer={"product": 1}, value=1,
        ),
        Expected(
            "product.delete", {"id": 5}, "DELETE", f"{_ADMIN}/products/5.json",
            f"{_SHOPIFY}/product#delete-products-product-id",
        ),
        Expected(
            "order.list", {"status": "any", "created_at_min": "2026-01-01T00:00:00-05:00"},
            "GET", f"{_ADMIN}/orders.json", f"{_SHOPIFY}/order#get-orders",
            query={"status": "any", "created_at_min": "2026-01-01T00:00:00-05:00"},
            answer={"orders": []}, value=[],
        ),
        Expected(
            "order.get", {"id": 9}, "GET", f"{_ADMIN}/orders/9.json",
            f"{_SHOPIFY}/order#get-orders-order-id", answer={"order": 1}, value=1,
        ),
        Expected(
            "order.count", {"status": "open"}, "GET", f"{_ADMIN}/orders/count.json",
            f"{_SHOPIFY}/order#get-orders-count", query={"status": "open"},
            answer={"count": 3}, value=3,
        ),
        Expected(
            "customer.list", {"since_id": 1}, "GET", f"{_ADMIN}/customers.json",
            f"{_SHOPIFY}/customer#get-customers", query={"since_id": "1"},
            answer={"customers": []}, value=[],
        ),
    ],
)  # fmt: skip

_MAPS = "https://developers.google.com/maps/documentation"
_OK = {"status": "OK", "results": [1], "routes": [1], "result": 1}
GOOGLE_MAPS = Service(
    "google-maps",
    "https://maps.googleapis.com",
    headers={},
    query={"key": "maps-canary-key"},
    owner_fields={"api_key": "maps-canary-key"},
    requests=[
        Expected(
            "address.geocode", {"address": "1600 Amphitheatre Parkway, Mountain View"},
            "GET", "/maps/api/geocode/json", f"{_MAPS}/geocoding/requests-geocoding",
            query={"address": "1600 Amphitheatre Parkway, Mountain View"}, answer=_OK, value=[1],
        ),
        Expected(
            "address.reverse", {"latlng": "52.5163,13.3777"},
            "GET", "/maps/api/geocode/json", f"{_MAPS}/geocoding/requests-reverse-geocoding",
            query={"latlng": "52.5163,13.3777"}, answer=_OK, value=[1],
        ),
        Expected(
            "route.directions",
            {"origin": "Berlin", "destination": "Köln", "mode": "transit", "alternatives": True},
            "GET", "/maps/api/directions/json", f"{_MAPS}/directions/get-directions",
            query={
                "origin": "Berlin", "destination": "Köln", "mode": "transit",
                "alternatives": "true",
            },
            answer=_OK, value=[1],
        ),
        Expected(
            "route.distances", {"origins": "Berlin|Bonn", "destinations": "Köln"},
            "GET", "/maps/api/distancematrix/json", f"{_MAPS}/distance-matrix/distance-matrix",
            query={"origins": "Berlin|Bonn", "destinations": "Köln"}, answer={"status": "OK"},
        ),
        Expected(
            "place.search", {"query": "coffee", "location": "52.5,13.4", "radius": 500},
            "GET", "/maps/api/place/textsearch/json", f"{_MAPS}/places/web-service/search-text",
            query={"query": "coffee", "location": "52.5,13.4", "radius": "500"},
            answer=_OK, value=[1],
        ),
        Expected(
            "place.details", {"place_id": "P1", "fields": ["name", "rating"]},
            "GET", "/maps/api/place/details/json", f"{_MAPS}/places/web-service/details",
            query={"place_id": "P1", "fields": "name,rating"}, answer=_OK, value=1,
        ),
        Expected(
            "timezone.get", {"location": "52.5,13.4", "timestamp": 1331161200},
            "GET", "/maps/api/timezone/json", f"{_MAPS}/timezone/requests-timezone",
            query={"location": "52.5,13.4", "timestamp": "1331161200"}, answer={"status": "OK"},
        ),
    ],
)  # fmt: skip

_STRIPE = "https://docs.stripe.com/api"
STRIPE = Service(
    "stripe",
    "https://api.stripe.com",
    headers={"authorization": "Bearer rk_test_canary"},
    content_type="application/x-www-form-urlencoded",
    owner_fields={"api_key": "rk_test_canary"},
    requests=[
        Expected("auth_test", {}, "GET", "/v1/balance", f"{_STRIPE}/balance/balance_retrieve"),
        Expected("balance.get", {}, "GET", "/v1/balance", f"{_STRIPE}/balance/balance_retrieve"),
        Expected(
            "customer.list", {"limit": 3, "created": {"gte": 1700000000}},
            "GET", "/v1/customers", f"{_STRIPE}/customers/list",
            query={"limit": "3", "created[gte]": "1700000000"}, answer={"data": []}, value=[],
        ),
        Expected(
            "customer.get", {"id": "cus_1"}, "GET", "/v1/customers/cus_1",
            f"{_STRIPE}/customers/retrieve",
        ),
        Expected(
            "customer.create",
            {
                "email": "ada@example.com", "address": {"city": "Köln", "country": "DE"},
                "metadata": {"our id": "7"},
            },
            "POST", "/v1/customers", f"{_STRIPE}/customers/create", form="form",
            body=[
                ("email", "ada@example.com"), ("address[city]", "Köln"), ("address[country]", "DE"),
                ("metadata[our id]", "7"),
            ],
        ),
        Expected(
            "customer.update", {"id": "cus_1", "name": "Ada & Co"},
            "POST", "/v1/customers/cus_1", f"{_STRIPE}/customers/update",
            form="form", body=[("name", "Ada & Co")],
        ),
        Expected(
            "customer.delete", {"id": "cus_1"}, "DELETE", "/v1/customers/cus_1",
            f"{_STRIPE}/customers/delete",
        ),
        Expected(
            "paymentIntent.create",
            {"amount": 1999, "currency": "eur", "payment_method_types": ["card", "ideal"]},
            "POST", "/v1/payment_intents", f"{_STRIPE}/payment_intents/create", form="form",
            body=[
                ("amount", "1999"), ("currency", "eur"), ("payment_method_types[]", "card"),
                ("payment_method_types[]", "ideal"),
            ],
        ),
        Expected(
            "paymentIntent.get", {"id": "pi_1"}, "GET", "/v1/payment_intents/pi_1",
            f"{_STRIPE}/payment_intents/retrieve",
        ),
        Expected(
            "paymentIntent.list", {"customer": "cus_1"}, "GET", "/v1/payment_intents",
            f"{_STRIPE}/payment_intents/list", query={"customer": "cus_1"},
            answer={"data": [1]}, value=[1],
        ),
        Expected(
            "checkoutSession.create",
            {
                "mode": "payment", "success_url": "https://shop.example/ok",
                "line_items": [
                    {"price": "price_1", "quantity": 2},
                    {
                        "price_data": {
                            "currency": "eur", "unit_amount": 500, "product_data": {"name": "Tea"},
                        },
                        "quantity": 1,
                    },
                ],
            },
            "POST", "/v1/checkout/sessions", f"{_STRIPE}/checkout/sessions/create", form="form",
            body=[
                ("mode", "payment"),
                ("line_items[0][price]", "price_1"), ("line_items[0][quantity]", "2"),
                ("line_items[1][quantity]", "1"),
                ("line_items[1][price_data][currency]", "eur"),
                ("line_items[1][price_data][unit_amount]", "500"),
                ("line_items[1][price_data][product_data][name]", "Tea"),
                ("success_url", "https://shop.example/ok"),
            ],
        ),
        Expected(
            "paymentLink.create", {"line_items": [{"price": "price_1", "quantity": 1}]},
            "POST", "/v1/payment_links", f"{_STRIPE}/payment-link/create", form="form",
            body=[("line_items[0][price]", "price_1"), ("line_items[0][quantity]", "1")],
        ),
        Expected(
            "refund.create", {"payment_intent": "pi_1", "reason": "duplicate"},
            "POST", "/v1/refunds", f"{_STRIPE}/refunds/create", form="form",
            body=[("payment_intent", "pi_1"), ("reason", "duplicate")],
        ),
        Expected(
            "product.create", {"name": "Tea", "active": False},
            "POST", "/v1/products", f"{_STRIPE}/products/create", form="form",
            body=[("name", "Tea"), ("active", "false")],
        ),
        Expected(
            "price.create",
            {
                "product": "prod_1", "currency": "eur", "unit_amount": 500,
                "recurring": {"interval": "month"},
            },
            "POST", "/v1/prices", f"{_STRIPE}/prices/create", form="form",
            body=[
                ("product", "prod_1"), ("currency", "eur"), ("unit_amount", "500"),
                ("recurring[interval]", "month"),
            ],
        ),
    ],
)  # fmt: skip

_OURS = "docs/how-to: the sandbox"
_EVENTS = "/calendar/v1/calendars/team/events"
SANDBOX = Service(
    "sandbox-calendar",
    "http://localhost:8401",
    headers={"authorization": "Bearer access-token-canary"},
    requests=[
        Expected("auth_test", {}, "GET", "/me", _OURS),
        Expected("me.get", {}, "GET", "/me", _OURS),
        Expected(
            "calendar.list", {}, "GET", "/calendar/v1/calendars", _OURS,
            answer={"items": [1]}, value=[1],
        ),
        Expected(
            "event.list", {"calendar": "team", "limit": 5}, "GET", _EVENTS, _OURS,
            query={"limit": "5"}, answer={"items": [1], "next": None}, value=[1],
        ),
        Expected(
            "event.create",
            {"calendar": "team", "title": "Tea", "starts_at": "2026-12-01T09:00:00Z"},
            "POST", _EVENTS, _OURS,
            form="json", body={"title": "Tea", "starts_at": "2026-12-01T09:00:00Z"},
        ),
        Expected(
            "event.delete", {"calendar": "team", "event": "evt_1"},
            "DELETE", f"{_EVENTS}/evt_1", _OURS,
        ),
    ],
)  # fmt: skip

SERVICES = [GOOGLE_CALENDAR, GITHUB, SLACK, OPENAI, SHOPIFY, GOOGLE_MAPS, STRIPE, SANDBOX]
