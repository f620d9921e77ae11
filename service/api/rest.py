"""The rooms of the REST languages, and the router that leads to them."""

from litestar import Router

from service.api import chance, connections, files, group_roles, history, permissions, remarks, roles, users

router = Router(
    "/",
    route_handlers=[
        *users.HANDLERS,
        *roles.HANDLERS,
        *permissions.HANDLERS,
        *files.HANDLERS,
        *history.HANDLERS,
        *remarks.HANDLERS,
        *connections.HANDLERS,
        *group_roles.HANDLERS,
        *chance.HANDLERS,
    ],
    include_in_schema=False,
)
