"""Who may ask: a file of names, hashed passwords and hashed API keys, made by `rag users add`."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import tempfile
import unicodedata
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rag.errors import ConfigError

logger = logging.getLogger(__name__)

NAME = re.compile(r"[\w.@-]{1,64}")
SHORTEST = 8
LONGEST = 1000
"""Characters of a password."""
KEY_BYTES = 32


class Password(BaseModel):
    """A password's scrypt hash (RFC 7914) with the parameters and the salt that made it, in hex.

    The defaults take 32 MiB and about a quarter of a second of one core.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(2**15, ge=2**14, le=2**18)
    r: int = Field(8, ge=8, le=16)
    p: int = Field(3, ge=1, le=8)
    salt: str = Field(pattern=r"^[0-9a-f]{32}$")
    hash: str = Field("0" * 64, pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def make(cls, password: str) -> Password:
        """Hash a new password."""
        unhashed = cls(salt=secrets.token_hex(16))
        return unhashed.model_copy(update={"hash": unhashed.derive(password)})

    def derive(self, password: str) -> str:
        """What a password comes to under these parameters, in hex."""
        # the same characters may be typed composed or not
        text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
        room = 256 * self.n * self.r + (1 << 20)
        salt = bytes.fromhex(self.salt)
        return hashlib.scrypt(
            text, salt=salt, n=self.n, r=self.r, p=self.p, maxmem=room, dklen=32
        ).hex()

    def fits(self, password: str) -> bool:
        """Whether it is this password; how long that takes says nothing of how near it is."""
        return hmac.compare_digest(self.derive(password), self.hash)


class User(BaseModel):
    """One who may ask. key: SHA-256 of the API key, in hex; a random key needs no slow hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    password: Password
    key: str = Field(pattern=r"^[0-9a-f]{64}$")


_FILE = TypeAdapter(tuple[User, ...])
_NOBODY = Password(salt="0" * 32)
"""Checked for a name that is unknown, so that the time tells nothing about who there is."""


class Users:
    """The users file, read again whenever it changes: a chat that runs follows it.

    A file that is not there holds nobody.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state: tuple[int, ...] | None = None
        self._users: dict[str, User] = {}

    @classmethod
    def load(cls, path: Path) -> Users:
        """Raises ConfigError for a file that cannot be read."""
        users = cls(path)
        users._state = users._look()
        users._users = users._read()
        return users

    def __len__(self) -> int:
        return len(self._current())

    def names(self) -> list[str]:
        """All names, in the order in which they were added."""
        return list(self._current())

    def get(self, name: str) -> User | None:
        """The user of a name, as the file has it now."""
        return self._current().get(kept_as(name))

    def verify(self, name: str, password: str) -> bool:
        """Whether the password is the user's. Takes as long for a name that is unknown."""
        user = self.get(name)
        if len(password) > LONGEST:
            return False
        fits = (user.password if user else _NOBODY).fits(password)
        return fits and user is not None

    def by_key(self, key: str) -> str | None:
        """The name of the one whose API key it is."""
        given = _hashed(key)
        found = [one for one in self._current().values() if hmac.compare_digest(one.key, given)]
        return found[0].name if found else None

    def add(self, name: str, password: str) -> str:
        """Add a user; returns the API key, which is kept nowhere. Raises ConfigError."""
        name = kept_as(name)
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"user name {name!r} is not 1 to 64 letters, digits or any of . _ @ -; "
                "choose another"
            )
        if not SHORTEST <= len(password) <= LONGEST:
            raise ConfigError(
                f"the password has {len(password)} characters; give {SHORTEST} to {LONGEST}"
            )
        users = self._read()
        if name in users:
            raise ConfigError(f"user {name} exists; remove it first to give it a new password")
        key = _new_key()
        user = User(name=name, password=Password.make(password), key=_hashed(key))
        self._write({**users, name: user})
        return key

    def new_key(self, name: str) -> str:
        """Give a user another API key; the one before ends. Raises ConfigError."""
        users = self._read()
        user = self._known(users, name)
        key = _new_key()
        self._write({**users, user.name: user.model_copy(update={"key": _hashed(key)})})
        return key

    def remove(self, name: str) -> None:
        """Raises ConfigError where there is no such user."""
        users = self._read()
        del users[self._known(users, name).name]
        self._write(users)

    def require(self, name: str) -> None:
        """Raises ConfigError where there is no such user."""
        self._known(self._read(), name)

    def _known(self, users: dict[str, User], name: str) -> User:
        user = users.get(kept_as(name))
        if user is None:
            raise ConfigError(f"no user {name} in {self.path}; `rag users list` names them")
        return user

    def _current(self) -> dict[str, User]:
        state = self._look()
        if state != self._state:
            try:
                self._users = self._read()
            except ConfigError as error:
                logger.error("%s; the users before stay", error)
            self._state = state
        return self._users

    def _look(self) -> tuple[int, ...] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> dict[str, User]:
        try:
            users = _FILE.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(
                f"users file {self.path} cannot be read ({error.strerror}); "
                "put it right or name another with the setting users"
            ) from error
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            place = ": ".join((*map(str, problem["loc"]), problem["msg"]))
            raise ConfigError(
                f"users file {self.path} is damaged ({place}); "
                "restore it, or remove it and add the users again"
            ) from error
        return {user.name: user for user in users}

    def _write(self, users: dict[str, User]) -> None:
        """Write the whole file beside itself, for its owner's eyes, then put it in place."""
        written = None
        try:
            handle, written = tempfile.mkstemp(prefix=".users-", dir=self.path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(_FILE.dump_json(tuple(users.values()), indent=1) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(written, self.path)
        except OSError as error:
            if written is not None:
                Path(written).unlink(missing_ok=True)
            raise ConfigError(
                f"users file {self.path} cannot be written ({error.strerror}); "
                "make its folder or name another with the setting users"
            ) from error


def kept_as(name: str) -> str:
    """A name in the form in which it is kept: the same letters may be typed composed or not."""
    return unicodedata.normalize("NFC", name)


def _new_key() -> str:
    return f"rag-{secrets.token_urlsafe(KEY_BYTES)}"


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
