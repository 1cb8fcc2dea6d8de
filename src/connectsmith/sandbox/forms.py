"""Read the forms of an HTML page the way a browser would, as far as the driver needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Form:
    """A form: where it goes, what it sends untouched, and names and values of its buttons."""

    action: str
    method: str
    fields: Mapping[str, str] = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = ()

    def filled(self, values: Mapping[str, str], button: str | None = None) -> dict[str, str]:
        """Return what is sent with `values` typed in and the button of that value pressed."""
        pressed = {name: value for name, value in self.buttons if value == button and name}
        return {**self.fields, **values, **pressed}


def read_forms(html: str) -> tuple[Form, ...]:
    """Return the page's forms in order."""
    reader = _FormReader()
    reader.feed(html)
    return tuple(reader.forms)


class _FormReader(HTMLParser):
    """Collects hidden and text inputs, checked boxes and radio buttons, and submit buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._fields: dict[str, str] = {}
        self._buttons: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or something in one."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields, self._buttons = {}, []
            method = found.get("method", "get").lower()
            self.forms.append(Form(found.get("action", ""), method, self._fields))
        elif self.forms and tag in {"input", "button"}:
            self._control(tag, found)

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        if tag == "form" and self.forms:
            form = self.forms[-1]
            self.forms[-1] = Form(form.action, form.method, form.fields, tuple(self._buttons))

    def _control(self, tag: str, found: dict[str, str]) -> None:
        name, value = found.get("name", ""), found.get("value", "")
        kind = found.get("type", "submit" if tag == "button" else "text")
        if kind == "submit":
            self._buttons.append((name, value))
        elif kind in {"radio", "checkbox"}:
            if "checked" in found:
                self._fields[name] = value or "on"
        elif name:
            self._fields[name] = value
