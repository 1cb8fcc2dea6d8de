"""One sentence for each member of the format; the JSON Schema and the reference show them.

Keyed by model, then by the member as it is written in a definition.
"""

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "Definition": {
        "schema": "Version of the format, not of the connector.",
        "name": "Shown in lists and on sign-in pages.",
        "link": "Home page of the service; shown as a link only when it is https.",
        "description": "What the connector is for.",
        "version": "The author's own label for this text.",
        "icon": "A PNG or SVG `data:` URI of up to 64 KiB.",
        "auth_components": "The sign-in protocol.",
        "requiredSettings": "What the connection owner supplies.",
        "auth_request": "How calls carry credentials.",
        "auth_test": "A request that proves a connection and names its account.",
        "allowedHosts": (
            "Hosts that a placeholder may make up as a whole: exact names, or `*.` before at "
            "least two labels, with a port only if it is written. `*` allows every public host, "
            "but no secret goes there."
        ),
        "endpoints": "Method, then path, then where it lives.",
        "actions": "What can be done.",
        "policies": "What holds for all actions.",
    },
    "AuthComponents": {
        "type": "`none`, or `oauth2` (also read: `oauth2.0`, `OAuth2`, `oauth`).",
        "authorizationURL": "The authorization endpoint; the browser is sent there to consent.",
        "tokenURL": (
            "The token endpoint; codes and refresh tokens go there. Its query may hold "
            "`oauth.redirect_uri`, for services that look for it there."
        ),
        "scope": "The scopes to ask for: a text split at white space, or a list.",
        "clientID": "The client id: text or a placeholder.",
        "clientSecret": "The client secret: always a placeholder.",
        "grant": (
            "How tokens are obtained. `client_credentials` with an `authorizationURL` lets an "
            "administrator consent in a browser first; no code is expected back."
        ),
        "issuer": "What `iss` in the authorization response must equal (RFC 9207).",
        "refreshURL": "Where refresh tokens go, when that is not `tokenURL`.",
        "revocationURL": "The revocation endpoint (RFC 7009).",
        "deviceAuthorizationURL": "The device authorization endpoint (RFC 8628).",
        "parURL": "The pushed authorization request endpoint (RFC 9126).",
        "registrationURL": (
            "The registration endpoint (RFC 7591), used when `clientID` is absent. Where our "
            "callback URL or what is asked for changes, the next sign-in has it changed there."
        ),
        "registrationToken": (
            "The initial access token of a registration endpoint that is not open to everybody: "
            "always a placeholder."
        ),
        "pkce": "`S256`, or `off` for servers that refuse parameters they do not know.",
        "clientAuth": (
            "How the client authenticates at the token endpoint. By default `body` with a client "
            "secret and `none` without."
        ),
        "privateKey": "The private key of `private_key_jwt` and `jwt_bearer`: a placeholder.",
        "keyID": "The id of that key, sent as `kid`.",
        "assertion": "What the JWT of `private_key_jwt` and `jwt_bearer` says.",
        "scopeSeparator": "What stands between scopes.",
        "authorizationParams": (
            "Parameters to add to the authorization request, or to replace; `null` removes one. "
            "A `response_type` of the service's own may stand here, never one with `token`."
        ),
        "tokenParams": "The same for the code exchange.",
        "refreshParams": "The same for refreshes.",
        "parameterNames": "Parameters that the server knows by another name.",
        "tokenRequest": "How a token request is written.",
        "tokenResponse": "Where a token answer holds its values.",
        "refresh": "When and how an access token is renewed.",
        "capture": "Values to keep for placeholders `connection.*`.",
        "followUp": "Requests to make after the access token has come.",
        "resource": "The resource the token is for (RFC 8707), in every request for tokens.",
        "audience": "The audience the token is for, in every request for tokens.",
        "dpop": "Bind tokens to a key (RFC 9449).",
        "signedRequest": "Send the authorization request as a signed object (RFC 9101).",
        "x-silenced": (
            "Warnings about these servers that the author has answered: the code of a "
            "quirk rule, and the reason in a few words. They are not shown again."
        ),
    },
    "TokenRequest": {
        "method": "`POST`, or `GET`, which puts secrets into the URL.",
        "format": "How parameters are written.",
        "headers": "Headers to add, in revocations too.",
    },
    "TokenResponse": {
        "access_token": "Pointer to the access token.",
        "refresh_token": "Pointer to the refresh token.",
        "expires_in": "Pointer to the lifetime.",
        "expires_at": (
            "Pointer to the time of expiry: seconds, milliseconds or ISO 8601; or to the time "
            "left, as `days:hours:minutes`."
        ),
        "scope": "Pointer to the granted scopes.",
        "token_type": "Pointer to the token type.",
        "error": "Pointer to an error code, or a test that recognises an error.",
        "error_description": "Pointer to the error's description.",
        "expiresUnit": "Unit of the lifetime: seconds or milliseconds.",
        "format": "`auto` reads JSON, then a form; with `text` the body is the access token.",
    },
    "ByRequestAuth": {
        "exchange": "In the code exchange.",
        "refresh": "In refreshes.",
    },
    "ByRequestTokenRequest": {
        "exchange": "In the code exchange.",
        "refresh": "In refreshes.",
    },
    "ByRequestTokenResponse": {
        "exchange": "In the code exchange.",
        "refresh": "In refreshes.",
    },
    "Refresh": {
        "margin": "Seconds before expiry from which an access token is renewed.",
        "lifetime": "Seconds an access token lives when the server does not say.",
        "when": "What in an API's answer means that the access token expired, as a 401 does.",
        "by": "Which token is sent to renew; `access_token` is sent under the other's name.",
        "extends": "An answer with neither token nor error prolongs the token that is held.",
    },
    "RefreshWhen": {
        "status": "Status codes.",
        "headers": "Header names with the values that count.",
        "body": "JSON Pointers with the values that count.",
    },
    "Capture": {
        "callback": "Name to parameter of the authorization response.",
        "token": "Name to pointer into the token answer.",
    },
    "CaptureFrom": {
        "from": "The parameter or pointer.",
        "default": "What stands in when it is absent.",
        "masked": "Never show it.",
    },
    "FollowUp": {
        "method": "The request's method.",
        "url": "Where it goes.",
        "query": "Query parameters to add.",
        "headers": "Headers to add.",
        "body": "Its body.",
        "format": "How the body is written.",
        "auth": (
            "`token` sends the access token as `auth_request` says, `client` proves the client as "
            "`clientAuth` says."
        ),
        "on": (
            "After which requests it is made. With client credentials every renewal counts as both."
        ),
        "tokenResponse": (
            "What stands at these pointers replaces what is held; they have their standard names "
            "unless said, and one that is written must find something."
        ),
        "capture": "Name to pointer into the answer, or into the chosen item.",
        "choose": (
            "Let the owner pick one of several items before the connection is kept; a single one "
            "is taken at once. Refreshes and reconnects pick the same again."
        ),
    },
    "Choose": {
        "items": "Pointer to the list.",
        "label": "Pointer, inside an item, to what the owner reads.",
    },
    "Assertion": {
        "alg": "The signature algorithm.",
        "header": "Members to add to the JWT's header.",
        "iss": "The issuer; the client id unless said.",
        "sub": "The subject; the client id unless said.",
        "aud": "The audience; `issuer`, else `tokenURL`, unless said.",
        "lifetime": "Seconds it is valid.",
        "claims": "Claims to add.",
    },
    "ParameterNames": {
        "authorization": "In the authorization request: our name to the server's.",
        "token": "In the code exchange.",
        "refresh": "In refreshes.",
        "callback": "In the authorization response.",
    },
    "RequiredSettings": {
        "authFields": "What to ask for, in the order shown.",
    },
    "AuthField": {
        "key": "Its name in placeholders: `authFields.key`.",
        "label": "Its name on the form.",
        "description": "Help under the field.",
        "errorText": "Shown when it is missing or refused.",
        "masked": "Hide what is typed, and never show it again.",
        "choices": "Stored value to label, in the order shown.",
        "required": "Refuse a blank; when absent, a blank is asked about instead.",
        "default": "What stands in for a blank.",
        "pattern": "What the whole value must match.",
        "example": "Shown as an example.",
    },
    "AuthRequest": {
        "type": "`none`, `bearer`, `basic`, `header`, `query`, `cookie` or `oauth2`.",
        "token": "With `bearer`: the token.",
        "username": "With `basic`: the user name.",
        "password": "With `basic`: the password.",
        "name": "With `header`, `query` and `cookie`: the name.",
        "value": "With `header`, `query` and `cookie`: the value.",
        "header": "With `oauth2`: the header, `Authorization` unless said.",
        "prefix": "With `header` and `oauth2`: what stands before the value.",
        "query": (
            "With `oauth2`, a text names the query parameter that holds the access token. A map "
            "adds query parameters to every call."
        ),
        "headers": "Headers to add to every call.",
    },
    "AuthTest": {
        "method": "The request's method.",
        "endpoint": "A path of `endpoints`.",
        "body": "Its body.",
        "expect": "What a good answer looks like; any 2xx unless said.",
        "account": "Where the answer names the account.",
    },
    "Expect": {
        "status": "Status codes that are good.",
    },
    "Account": {
        "id": "Pointer to what identifies the account.",
        "label": "Pointer to what a person recognises.",
    },
    "Endpoint": {
        "url": "Base URL; the path is joined to it by exactly one slash.",
        "headers": "Headers to add.",
        "timeout": "Seconds a call may take.",
        "contentType": "How bodies are written.",
    },
    "Action": {
        "modelId": "First half of the action's name.",
        "actionId": "Second half of the action's name.",
        "endpoint": "A path of `endpoints`.",
        "method": "A method under which that path stands.",
        "label": "Its name for people.",
        "helpText": "What it does.",
        "actionFields": "Inputs: in the body for POST, PUT and PATCH, else in the query.",
        "urlFields": "Inputs that go into the address.",
        "visibility": "`hidden` actions only serve other actions.",
        "scopes": "Scopes it needs.",
        "outputs": "What it answers.",
        "response": "How its answer is read.",
        "pagination": "How its answer names the next page.",
        "effect": "What it does to the service: derived from the method unless said.",
        "idempotencyHeader": "Header that carries the call's id.",
    },
    "ActionField": {
        "key": "Its name in calls.",
        "label": "Its name for people.",
        "description": "Help under the field.",
        "required": "Refuse a call without it.",
        "choices": "Value to label; a choice is converted to the field's type.",
        "type": (
            "`string`, `number`, `integer`, `boolean`, `object`, `array`, `date`, `datetime` or "
            "`file`."
        ),
        "in": "Where it goes, when that is not where the rules put it.",
        "name": "Its name on the wire, when that is not `key`.",
        "fields": "The members of an object.",
        "items": "The items of an array: one field without a key.",
        "choicesFrom": "Choices out of another action's answer.",
        "visibility": "`advanced` is shown on demand; `hidden` always sends its `default`.",
        "style": "How a list is written outside JSON.",
        "default": "What is sent when nothing is given.",
        "minimum": "The least number.",
        "maximum": "The greatest number.",
        "pattern": "What the whole text must match.",
        "example": "Shown as an example.",
    },
    "ChoicesFrom": {
        "modelId": "First half of that action's name.",
        "actionId": "Second half of that action's name.",
        "arguments": "Its fields; values may hold `actionFields.*`.",
        "items": "Pointer to the list in its answer.",
        "value": "Pointer, inside an item, to the value.",
        "label": "Pointer, inside an item, to the label.",
    },
    "Outputs": {
        "schema": "A JSON Schema of the answer.",
        "sample": "An example of the answer.",
    },
    "ActionResponse": {
        "pointer": "Pointer to the useful part of the answer.",
        "error": "A test that makes a good status a failure.",
    },
    "ErrorTest": {
        "pointer": "Pointer to what is compared; one that finds nothing never matches.",
        "equals": "It matches this value, or one of this list.",
        "not": "It matches anything but this value, or but all of this list.",
    },
    "Pagination": {
        "type": "Whether the next page is named by a link, a cursor, an offset or a number.",
        "items": "Pointer to the items.",
        "next": "Pointer to the link or cursor; a link without it stands in the `Link` header.",
        "parameter": "Query parameter that takes the cursor, offset or number.",
        "sizeParameter": "Query parameter that takes the size of a page.",
        "size": "Items on a page.",
        "start": "First offset or number.",
    },
    "Policies": {
        "error": "A test that makes a good status a failure.",
        "pagination": "For actions that do not say.",
        "retry": "When a call is repeated.",
    },
    "Retry": {
        "status": "Status codes after which a call is repeated.",
        "attempts": "How often at most.",
        "after": "Headers that hold the seconds to wait.",
        "at": "Headers that hold the moment to wait for.",
        "remaining": "Headers that hold how many calls are left.",
    },
}
