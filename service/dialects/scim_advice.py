"""What an administrator can do about a request that failed, or lost a part: a table of causes, a sentence each.

The cause is the problem that was raised; where none was, the answer's own scimType or status.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from providers.scim.problems import Missing, ScimProblem, TooLarge
from service.users import problems

_MISSING: Final = "The provider does not send an attribute that is needed here. Map it in the provider's attribute mapping."  # fmt: skip
_TOO_LARGE: Final = "The request was larger than this service takes. Let the provider send fewer resources at once."  # fmt: skip
_OF_PROBLEM: Final[Mapping[type[Exception], str]] = {
    Missing: _MISSING,
    TooLarge: _TOO_LARGE,
    problems.Expired: "The token is past its time. Make a new one for this connection (`idbridge scim-token create`) and put it in the provider's settings.",
    problems.WrongCredentials: "The token is not in force. Make a new one for this connection and put it in the provider's settings.",
    problems.WrongAddress: "The call came from an address that is not in the connection's networks. Add the address there if it is the provider's, else revoke the token: somebody else has it.",
    problems.TooMany: "The provider asked more often than the connection's rate. It will try again by itself; raise the rate if its syncs do not come to an end.",
    problems.Forbidden: "The provider speaks of somebody who was removed here or belongs to another connection. Start a full sync there, so that it looks everybody up again.",
    problems.Stale: "Somebody else changed the same resource in between. The provider reads it again and repeats the change; nothing needs to be done.",
    problems.TooLarge: _TOO_LARGE,
    problems.WrongMedia: "The request said that it is neither SCIM nor JSON. Set the provider's content type to application/scim+json.",
    problems.MethodRefused: "The provider used a method that this address does not serve. Check the base URL in its settings: it ends in /scim/v2.",
    problems.RouteUnknown: "The provider asked for an address that is not served. Check the base URL in its settings: it ends in /scim/v2.",
    problems.Unreachable: "The service could not reach its database. The provider will try again; if it goes on, look at the database.",
    problems.BadPayload: "The provider sent a body that cannot be read. Try the profile of your provider (`idbridge connection change --profile`); if that does not help, its own support needs the request above.",
    problems.BadQuery: "The provider filters by something that is not kept here. Match on userName, externalId or the work e-mail in its attribute mapping.",
    problems.NoMembers: "The provider puts somebody into a group who is not here, or not this connection's. Assign them to the application there, and let it sync users before groups.",
    problems.GroupTaken: "This connection has another group of this name, or with this externalId. Rename one of the two at the provider, or remove the one that is pushed no longer.",
    problems.NoSuch: "The provider refers to something that is not there, such as a member or a role that was removed. Let it sync users before groups, and check the connection's default role.",
    problems.Unprocessable: "That would have left nobody who may administer this project. Make somebody else an administrator first.",
}  # fmt: skip
_OF_TAKEN: Final[Mapping[str, str]] = {
    "email": "Another user has this e-mail. If it is the same person and no connection owns them, let this one adopt (`idbridge connection change --adopt`) and sync again; if not, look for a duplicate at the provider, or correct the e-mail there.",
    "user_name": "Another user has this userName, or has it for an e-mail. If it is the same person and no connection owns them, let this one adopt (`idbridge connection change --adopt`) and sync again; if not, look for a duplicate at the provider, or for a person who was renamed there.",
    "external_identifier": "Another user has this externalId. Map the provider's immutable id to externalId, one per person.",
}  # fmt: skip
_OF_RULE: Final[Mapping[str, str]] = {
    "required": _MISSING,
    "nnull": "The provider sends an attribute without a value. Fill it in at the provider, or map another one.",
    "email": "The e-mail at the provider is not an address. Correct it there, or map the attribute that holds it.",
    "min_length": "The password that the provider sends is too short. Ask for longer ones there, or turn off that it sends any: people whom it provisions sign in there.",
    "max_length": "A value at the provider is longer than the column here. Shorten it there, or map a shorter attribute.",
}  # fmt: skip
_OF_TYPE: Final[Mapping[str, str]] = {
    "uniqueness": "Somebody has this value already. Look for a duplicate at the provider; if it is the same person, let the connection adopt.",
    "invalidFilter": "The provider's filter cannot be read, or asks for something that is not kept here; the answer says which. Match on userName, externalId or the work e-mail in its attribute mapping, or choose the profile of your provider.",
    "invalidPath": "The provider changes, or sorts by, an attribute that no schema knows. Remove it from the attribute mapping, or choose the profile of your provider for the connection.",
    "invalidSyntax": "The provider sent something that the RFC does not allow; the answer says what. Choose the profile of your provider for the connection (`idbridge connection change --profile`); if that does not help, its own support needs the request above.",
    "invalidValue": "A value has the wrong type or form; the answer names the attribute. Correct it at the provider, or in its attribute mapping.",
    "noTarget": "The provider changes an entry that is not there, such as an e-mail of a type that the person lacks. A full sync of the person mends it.",
    "mutability": "The provider changes something that is read only here, or takes away what has to stay; the answer says what. Remove it from the attribute mapping.",
    "invalidCursor": "The provider mixed up the pages of a list. It begins the list again by itself; if this goes on, let it ask by startIndex.",
    "expiredCursor": "The provider took too long from page to page of a list. It begins the list again by itself; nothing needs to be done.",
    "invalidCount": "The provider changed the size of the pages within a list, or asked for too large ones. Set its page size to 1000 at most.",
    "tooMany": "The request did too much at once. Let the provider send less at a time.",
}  # fmt: skip
_OF_STATUS: Final[Mapping[int, str]] = {
    0: "The provider hung up before it was answered. It will try again; if this happens often, look at the time limits of proxies in between.",
    404: "The provider speaks of something that is not here. Start a full sync there, so that it looks everybody up again.",
    501: "The provider asks for something that is not served. Turn it off there.",
}  # fmt: skip
_ANYTHING: Final = "The answer says what was wrong. If it cannot be mended at the provider, look for the request id in the service's log."  # fmt: skip
_BULK: Final = "Some operations of the bulk request failed; the answer names each with its cause."
_NOT_KEPT: Final = "This connection is on a dry run, which keeps nothing: whom it has made before is not there when the provider speaks of them again. If that is so here, nothing needs to be done."  # fmt: skip
_DROPPED: Final = "Nothing here has a place for what the provider sent as {}: it was not kept, all else was. Remove it from the attribute mapping, or leave it so."  # fmt: skip
_SHOWN: Final = 20  # names of what was dropped


def dropped(names: Collection[str]) -> str:
    """The sentence for names of which nothing was kept."""
    told = ", ".join(list(names)[:_SHOWN])
    return _DROPPED.format(f"{told} and more" if len(names) > _SHOWN else told)


def advice(problem: Exception | None, status: int, answer: bytes = b"", *, rehearsed: bool = False) -> str:
    """The sentence for a failure: what was raised, the status (0: never answered), and the answer's body;
    `rehearsed` where nothing that the provider wrote was kept."""
    if rehearsed and isinstance(problem, problems.Forbidden | problems.NoMembers):
        return _NOT_KEPT
    if isinstance(problem, problems.Taken):
        return _OF_TAKEN.get(problem.field, _OF_TYPE["uniqueness"])
    if isinstance(problem, problems.Invalid):
        return _OF_RULE.get(problem.rule, _OF_TYPE["invalidValue"])
    if problem is not None and type(problem) in _OF_PROBLEM:
        return _OF_PROBLEM[type(problem)]
    scim_type = (problem.scim_type or "") if isinstance(problem, ScimProblem) else _scim_type(answer)
    if scim_type in _OF_TYPE:
        return _OF_TYPE[scim_type]
    return _BULK if status == 200 else _OF_STATUS.get(status, _ANYTHING)


def _scim_type(answer: bytes) -> str:
    try:
        body = msgspec.json.decode(answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return str(body.get("scimType", "")) if isinstance(body, dict) else ""


def sentences() -> tuple[str, ...]:
    """Every sentence, for the laws that hold over them."""
    tables = (_OF_PROBLEM, _OF_TAKEN, _OF_RULE, _OF_TYPE, _OF_STATUS)
    return (
        *(text for table in tables for text in table.values()),
        _ANYTHING,
        _BULK,
        _NOT_KEPT,
        dropped(["x"]),
    )
