"""How a response says whether it is one (SAML Core 3.2.2)."""

from lxml import etree

from providers.contract import ProviderError, Refused
from providers.redirects import shown
from providers.saml.xml import SAMLP, Element

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_SUCCESS = f"{_STATUS}Success"
_DENIED = {"AuthnFailed", "RequestDenied", "NoPassive", "NoAvailableIDP", "UnknownPrincipal"}


def check_status(root: Element) -> None:
    """Raises Refused, with the provider's words, for a response that says no."""
    codes = [one.get("Value", "") for one in root.iterfind(f"{SAMLP}Status//{SAMLP}StatusCode")]
    if codes[:1] != [_SUCCESS]:
        raise _refusal(codes)


def add_success(root: Element) -> None:
    """Say in a response of ours that it is done."""
    status = etree.SubElement(root, f"{SAMLP}Status")
    etree.SubElement(status, f"{SAMLP}StatusCode", Value=_SUCCESS)


def _refusal(codes: list[str]) -> ProviderError:
    words = [shown(code.removeprefix(_STATUS)) for code in codes]
    cause = f"The identity provider said {' '.join(words) or 'nothing'}"
    return Refused(cause, code="access_denied" if _DENIED & set(words) else "")
