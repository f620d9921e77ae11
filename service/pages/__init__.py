"""What a person sees: an invitation, a new password, ways to sign in. Whole pages; passkeys need a script."""

from litestar import Router

from service.pages import (
    accept_invite,
    account,
    code,
    directory,
    front,
    login,
    onward,
    passkeys,
    reset_password,
    sessions,
    tfa_setup,
    verify,
    welcome,
)
from service.pages.refusals import refuse

router = Router(
    "/",
    route_handlers=[
        accept_invite.show,
        accept_invite.accept,
        accept_invite.again,
        reset_password.show,
        reset_password.reset,
        reset_password.again,
        verify.show,
        verify.verify,
        verify.again,
        login.login,
        login.enter,
        directory.show,
        directory.enter,
        directory.show_of_project,
        directory.enter_project,
        code.show,
        code.prove,
        welcome.show,
        welcome.show_of_project,
        onward.show,
        account.show,
        account.change,
        sessions.show,
        sessions.end,
        passkeys.show,
        passkeys.change,
        tfa_setup.show,
        tfa_setup.step,
        front.root,
        front.front,
        front.nowhere,
    ],
    exception_handlers={Exception: refuse},
    include_in_schema=False,
)
