"""What a person sees: accepting an invitation, choosing a way to sign in. Whole pages without a script."""

from litestar import Router

from service.pages import accept_invite, front, login
from service.pages.refusals import refuse

router = Router(
    "/",
    route_handlers=[
        accept_invite.show,
        accept_invite.accept,
        login.login,
        login.welcome,
        front.root,
        front.front,
        front.nowhere,
    ],
    exception_handlers={Exception: refuse},
    include_in_schema=False,
)
