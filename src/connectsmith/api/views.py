"""Turn the rows of use cases into the shapes of the API."""

from connectsmith.api.authorization_shapes import (
    AuthorizationShape,
)
from connectsmith.api.shapes import (
    AccountShape,
    ActionShape,
    CallShape,
    ConnectionShape,
    ConnectorShape,
    ErrorShape,
    FieldShape,
    OriginsShape,
    RevisionShape,
    SecretNeeds,
    SecretShape,
    TokenShape,
)
from connectsmith.core.call.plan import effect_of
from connectsmith.core.definition.model import Action, ActionField
from connectsmith.service.connectors import Overview, diagnostic_json
from connectsmith.service.rows import (
    ApiTokenRow,
    AuthorizationRow,
    CallRow,
    ConnectionRow,
    RevisionRow,
    SecretRow,
)
from connectsmith.service.rules import Rules


def connector_shape(overview: Overview, rules: Rules) -> ConnectorShape:
    """Show a connector."""
    row, definition = overview.row, overview.reading.definition
    return ConnectorShape(
        id=row.id,
        name=row.name,
        sign_in=overview.sign_in,
        callback_url=rules.callback_url(row.id),
        published=row.published,
        changed=overview.changed,
        draft_version=row.draft_version,
        created_at=row.created_at,
        diagnostics=[diagnostic_json(each) for each in overview.reading.diagnostics],
        secrets=SecretNeeds(
            needed=list(overview.needed),
            missing=list(overview.missing),
            origins=list(overview.origins),
            browser=list(overview.browser),
        ),
        actions=[_action(each) for each in definition.actions] if definition else [],
    )


def _action(action: Action) -> ActionShape:
    return ActionShape(
        action=action.name,
        label=action.label,
        method=action.method,
        effect=effect_of(action),
        fields=[_field(each) for each in (*action.url_fields, *action.action_fields)],
    )


def _field(field: ActionField) -> FieldShape:
    return FieldShape(
        key=field.key or "", label=field.label, type=field.type, required=field.required
    )


def secret_shape(row: SecretRow) -> SecretShape:
    """Show a secret: everything but its value."""
    return SecretShape(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        origins=list(row.origins),
        browser=row.browser,
    )


def revision_shape(row: RevisionRow, *, text: bool) -> RevisionShape:
    """Show a revision, with or without its text."""
    return RevisionShape(
        number=row.number,
        published_at=row.published_at,
        published_by=row.published_by,
        text=row.text if text else None,
    )


def authorization_shape(row: AuthorizationRow) -> AuthorizationShape:
    """Show an authorization."""
    error = None
    if row.error_code is not None:
        error = ErrorShape(code=row.error_code, message=row.error_message)
    return AuthorizationShape(
        id=row.id,
        connector=row.connector,
        status=row.status,
        test=row.test,
        created_at=row.created_at,
        expires_at=row.expires_at,
        connection=row.connection,
        issuer=row.issuer,
        error=error,
    )


def connection_shape(row: ConnectionRow, connector_name: str, health: str) -> ConnectionShape:
    """Show a connection."""
    account = None
    if row.account_id is not None or row.account_label is not None:
        account = AccountShape(id=row.account_id, label=row.account_label)
    failure = None
    if row.failure_code is not None:
        failure = ErrorShape(code=row.failure_code, message=row.failure_message, at=row.failed_at)
    ends = row.received_at + row.lifetime if row.received_at and row.lifetime else None
    return ConnectionShape(
        id=row.id,
        connector=row.connector,
        connector_name=connector_name,
        revision=row.revision,
        test=row.test,
        status=row.status.value,
        health=health,
        account=account,
        scopes=list(row.scopes),
        expires_at=ends,
        renewable=row.renewable,
        origins=OriginsShape(api=list(row.origins_api), auth=list(row.origins_auth)),
        version=row.version,
        failure=failure,
        created_at=row.created_at,
        refreshed_at=row.refreshed_at,
        last_used_at=row.last_used_at,
    )


def call_shape(row: CallRow) -> CallShape:
    """Show the head of a call."""
    return CallShape(
        id=row.id,
        connector=row.connector,
        connection=row.connection,
        revision=row.revision,
        action=row.action,
        caller=row.caller,
        started_at=row.started_at,
        duration_ms=row.duration.total_seconds() * 1000,
        ok=row.ok,
        status=row.status,
        fault=row.fault,
        code=row.code,
        test=row.test,
        transcript=row.has_transcript,
    )


def token_shape(row: ApiTokenRow, token: str | None = None) -> TokenShape:
    """Show an API token; its text only when it was just issued."""
    return TokenShape(
        id=row.id,
        name=row.name,
        scopes=list(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        token=token,
    )
