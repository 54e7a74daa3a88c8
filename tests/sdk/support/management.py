"""What both generations of azure-mgmt-batch need: a user who may do everything, and ways to prove it."""

import time
from dataclasses import dataclass

from azure.core.credentials import AccessToken

from support.server import Server

# Names of users are unique in a server.
_made: dict[int, "Principal"] = {}


@dataclass(frozen=True)
class Principal:
    """A user as programs sign in for one: client id, client secret, tenant."""

    client_id: str
    secret: str
    tenant: str = "fournil"


class StaticToken:
    """The credential of a program that was given a token and asks nobody."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


def principal(server: Server) -> Principal:
    """The server's user for programs, made at the first call."""
    if id(server) not in _made:
        server.admin("user", "create", "builder", "--role", "Contributor", "--password-stdin", text="correct horse battery\n")
        made = server.admin("token", "create", "--user", "builder")
        _made[id(server)] = Principal("builder", made["token"])
    return _made[id(server)]


def subscription(server: Server) -> str:
    """The installation's own subscription; an account tells it."""
    return server.create_account(f"probe{int(time.time() * 1000) % 10**9}").subscription_id
