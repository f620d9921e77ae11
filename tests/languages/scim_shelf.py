"""The SCIM text rooms behind a dictionary: enough of a service for a conformance suite."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from providers.scim import discovery, messages, patch
from providers.scim.paging import page
from providers.scim.problems import ScimProblem
from providers.scim.projection import names, projection
from providers.scim.resource import normalise
from providers.scim.schema import Resource, ResourceType

Answer = tuple[int, Resource | None]
NO_SUCH: Answer = 404, messages.error(404, "There is no such resource.")
NOT_HERE: Answer = 405, messages.error(405, "The method is not served here.")


class Shelf:
    """One instance is one service; `base` is the address that its resources carry."""

    def __init__(self, types: Sequence[ResourceType], base: str) -> None:
        self._types, self._base = types, base
        self._kept: dict[str, dict[str, Resource]] = {kind.endpoint: {} for kind in types}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        path = unquote(environ["PATH_INFO"])
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        raw = environ["wsgi.input"].read()
        try:
            status, body = self._answer(
                environ["REQUEST_METHOD"], path, query, msgspec.json.decode(raw) if raw else None
            )
        except ScimProblem as problem:
            status, body = problem.status, messages.error(problem.status, problem.detail, problem.scim_type)
        start_response(f"{status} -", [("Content-Type", messages.MEDIA_TYPE)])
        return [msgspec.json.encode(body)] if body is not None else []

    def _answer(self, method: str, path: str, query: dict[str, str], body: object) -> Answer:
        _, first, *rest = path.split("/", 2)
        found = self._discovered(first, rest[0] if rest else None)
        if found is not None:
            return found if method == "GET" else NOT_HERE
        kind = next((kind for kind in self._types if kind.endpoint == f"/{first}"), None)
        if first == ".search":
            return 501, messages.error(501, "Searching all types at once is not served.")
        if kind is None:
            return NO_SUCH
        return self._one(kind, method, rest[0], query, body) if rest else self._all(kind, method, query, body)

    def _discovered(self, first: str, name: str | None) -> Answer | None:
        if first == "ServiceProviderConfig":
            return 200, discovery.provider_config(self._base, sort=False)
        if first == "Schemas":
            listed = discovery.schemas(self._types, self._base)
            found = discovery.schema(self._types, name, self._base) if name else None
        elif first == "ResourceTypes":
            listed = discovery.resource_types(self._types, self._base)
            found = discovery.resource_type(self._types, name, self._base) if name else None
        else:
            return None
        if name is None:
            return 200, messages.list_response(listed, total=len(listed))
        return (200, found) if found else NO_SUCH

    def _all(self, kind: ResourceType, method: str, query: dict[str, str], body: object) -> Answer:
        kept = self._kept[kind.endpoint]
        if method == "POST":
            key = str(uuid.uuid4())
            location = f"{self._base}{kind.endpoint}/{key}"
            new = normalise(body, kind).resource
            kept[key] = {**new, "id": key, "meta": {"resourceType": kind.name, "location": location}}
            return 201, self._shown(kind, kept[key], query)
        asked = page(query.get("startIndex"), query.get("count"))
        chosen = [*kept.values()][asked.start - 1 :][: asked.count]
        listed = [self._shown(kind, resource, query) for resource in chosen]
        return 200, messages.list_response(listed, total=len(kept), start=asked.start)

    def _one(self, kind: ResourceType, method: str, key: str, query: dict[str, str], body: object) -> Answer:
        kept = self._kept[kind.endpoint]
        if key not in kept:
            return NO_SUCH
        if method == "DELETE":
            del kept[key]
            return 204, None
        if method == "PUT":
            kept[key] = {
                **normalise(body, kind).resource,
                **{name: kept[key][name] for name in ("id", "meta")},
            }
        if method == "PATCH":
            kept[key] = patch.apply(kept[key], messages.operations(body), kind).resource
        return 200, self._shown(kind, kept[key], query)

    def _shown(self, kind: ResourceType, resource: Resource, query: dict[str, str]) -> Resource:
        asked = projection(kind, names(query.get("attributes")), names(query.get("excludedAttributes")))
        return asked.apply(resource)
