"""Look up what placeholders stand for, and note the credentials among it."""

from collections.abc import Iterable, Mapping

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.placeholders import OMITTED, Place, Template
from connectsmith.core.message import Carried
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SecretMissing, ValueMissing
from connectsmith.values import value_class


@value_class(frozen=True, slots=True)
class Filling:
    """What placeholders stand for, as text, and the credentials among them."""

    texts: Mapping[str, str]
    carried: tuple[Carried, ...]

    def render(self, template: Template, place: Place = Place.TEXT) -> Secret | None:
        """Return a template's text, None when a placeholder has no value."""
        rendered = template.render(self.texts, place)
        return None if rendered is OMITTED else Secret(str(rendered))


def fill(
    names: Iterable[str], values: Values, own: Mapping[str, Secret | None] | None = None
) -> Filling:
    """Look placeholders up. `own` holds the values of `oauth.*`.

    Raises:
        SecretMissing: a secret of the connector is not stored.
    """
    texts: dict[str, str] = {}
    carried: list[Carried] = []
    for name in sorted(names):
        if name.startswith("oauth."):
            value = own.get(name) if own else None
        elif source := _carried(name, values):
            value = source.value
            carried.append(source)
        else:
            value = None
        if value:
            texts[name] = value.reveal()
    return Filling(texts, tuple(carried))


def client_identity(client: OAuthClient, values: Values) -> tuple[Secret | None, Filling]:
    """Return the client's id and what it was made of.

    Raises:
        ValueMissing: a field that it names is blank.
    """
    if client.client_id is None and values.registered is not None:
        return values.registered.client_id, Filling({}, ())
    return credential(client.client_id, values, "client id")


def client_secret(client: OAuthClient, values: Values) -> tuple[Secret | None, Filling]:
    """Return the client's secret and what it was made of.

    Raises:
        ValueMissing: a field that it names is blank.
    """
    registered = values.registered
    if client.client_id is None and registered is not None:
        secret = registered.client_secret
        if secret is None:
            return None, Filling({}, ())
        carried = Carried("the registered client's secret", secret, registered.destinations)
        return secret, Filling({}, (carried,))
    return credential(client.client_secret, values, "client secret")


def credential(
    template: Template | None, values: Values, what: str
) -> tuple[Secret | None, Filling]:
    """Fill a template that must come out as something; `what` is what messages call it.

    Raises:
        ValueMissing: a field that it names is blank.
    """
    if template is None:
        return None, Filling({}, ())
    filling = fill(template.names, values)
    rendered = filling.render(template)
    if rendered is None:
        missing = ", ".join(sorted(template.names - set(filling.texts)))
        raise ValueMissing(f"The {what} has no value: {missing} is blank.", place=missing)
    return rendered, filling


def own_values(
    client: OAuthClient,
    client_id: Secret | None,
    values: Values,
    *,
    redirect_uri: Secret | None = None,
) -> dict[str, Secret | None]:
    """Return what `oauth.*` stands for in a request."""
    usual = Secret(values.redirect_uri) if values.redirect_uri else None
    return {
        "oauth.client_id": client_id,
        "oauth.redirect_uri": redirect_uri or usual,
        "oauth.scope": Secret(client.scope),
        "oauth.state": values.state,
        "oauth.random": Secret(values.random) if values.random else None,
    }


def _carried(name: str, values: Values) -> Carried | None:
    if is_secret_name(name):
        stored = values.secrets.get(name)
        if stored is None:
            raise SecretMissing(
                f'The secret "{name}" is not stored for this connector. Add it, then try again.',
                place=name,
                details={"secret": name},
            )
        return Carried(f'the secret "{name}"', stored.value, stored.destinations)
    space, _, key = name.partition(".")
    source, kind = (
        (values.fields, "field") if space == "authFields" else (values.captured, "captured value")
    )
    value = source.get(key)
    return Carried(f'the {kind} "{key}"', value, values.destinations) if value else None
