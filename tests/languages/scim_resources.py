"""Hypothesis strategies: users as any identity provider may send them, made of the tables of attributes."""

from base64 import b64encode

from hypothesis import strategies as st

from providers.scim.schema import Attribute, Resource, Schema, Value
from providers.scim.user import CORE_USER, ENTERPRISE_USER

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_labels = st.sampled_from(["work", "home", "other", "Work", "mobile"])
_simple: dict[str, st.SearchStrategy[Value]] = {
    "string": texts,
    "reference": st.sampled_from(["https://example.org/a", "../Users/1", "urn:x"]),
    "boolean": st.booleans(),
    "binary": st.binary(max_size=6).map(lambda raw: b64encode(raw).decode()),
}


def simple(attribute: Attribute) -> st.SearchStrategy[Value]:
    return _labels if attribute.name == "type" else _simple[attribute.type]


def _object(attributes: tuple[Attribute, ...]) -> st.SearchStrategy[Resource]:
    held = {one.name: value(one) for one in attributes if one.mutability not in {"readOnly", "writeOnly"}}
    return st.fixed_dictionaries({}, optional=held)


def _one_primary(entries: list[Resource]) -> Value:
    first = next((n for n, entry in enumerate(entries) if entry.get("primary") is True), None)
    return [entry if n == first else {**entry, "primary": False} for n, entry in enumerate(entries)]


def value(attribute: Attribute) -> st.SearchStrategy[Value]:
    if attribute.type != "complex":
        return simple(attribute)
    one = _object(attribute.sub_attributes)
    if not attribute.multi_valued:
        return one
    return st.lists(one, max_size=4).map(_one_primary)


def _bodies(schema: Schema) -> st.SearchStrategy[Resource]:
    return _object(tuple(one for one in schema.attributes if not one.required))


def _body(name: str, core: Resource, enterprise: Resource, external: str | None) -> Resource:
    urns: list[Value] = [CORE_USER.urn, ENTERPRISE_USER.urn]
    body: Resource = {"schemas": urns, "userName": name, **core, ENTERPRISE_USER.urn: enterprise}
    return body if external is None else {**body, "externalId": external}


bodies = st.builds(
    _body,
    texts.filter(lambda text: bool(text.strip())),
    _bodies(CORE_USER),
    _bodies(ENTERPRISE_USER),
    st.none() | texts,
)
