"""What a directory's result codes mean to a sign-on (RFC 4511 appendix A)."""

from providers.contract import Misconfigured, Refused, Unreachable
from providers.ldap import messages
from providers.ldap.messages import Result
from providers.redirects import shown

# Words of a directory that did look at the password (RFC 4511 appendix A.2): not this one, or not now.
NOT_TAKEN = {19, 48, 49, 50, 53}


def judge(ended: Result) -> None:
    """Raises Refused for a password that the directory does not take."""
    if ended.code in NOT_TAKEN | {messages.NO_SUCH_OBJECT}:
        raise Refused(f"The directory does not take the password ({word(ended)})")
    must(ended)


def must(ended: Result) -> None:
    """Raises Misconfigured or Unreachable for anything but success."""
    if ended.code == messages.REFERRAL:
        raise Misconfigured(
            "The directory sends us to another one, and we do not follow: name that one instead"
        )
    if ended.code == messages.NO_SUCH_OBJECT:
        raise Misconfigured("The directory has nothing at USER_DN or GROUP_DN, or does not let us read there")
    if ended.code != messages.SUCCESS:
        raise Unreachable(f"The directory answered {word(ended)}")


def word(ended: Result) -> str:
    """The code and what the directory said with it, fit for a log."""
    return f"{ended.code} {shown(ended.said)}".strip()
