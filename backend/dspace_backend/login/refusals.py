"""The ways in which logging in, and what rests on it, is refused. None carries a name, a number or an address."""

from dspace_core import Refusal, Text

_AGAIN = Text("请返回应用重新登录", "go back to the app and log in again")


class ClientUnknown(Refusal):
    """An app that is not registered, or an address that is not registered for it. Nobody is sent there."""

    code = "login.client_unknown"
    says = Text("应用或其回调地址未登记", "the app, or the address to go back to, is not registered")
    remedy = Text(
        "请核对 client_id 与 redirect_uri(见 docs/settings.md)", "see client_id and redirect_uri (docs/settings.md)"
    )


class AttemptUnknown(Refusal):
    """Somebody came back from the identity provider whom this server, or this browser, did not send there."""

    code = "login.attempt_unknown"
    says = Text("登录已过期或不是从本浏览器发起", "the login is over, or was not begun in this browser")
    remedy = _AGAIN


class ProviderUnreachable(Refusal):
    """The identity provider does not answer, or not as OpenID Connect says."""

    code = "login.provider_unreachable"
    says = Text("统一身份认证服务暂不可用", "the identity provider does not answer")
    remedy = Text("请稍后再试", "try again later")


class IdentityRefused(Refusal):
    """What the identity provider says of somebody cannot be relied on. `reason` is the name of the claim."""

    code = "login.identity_refused"
    says = Text("统一身份认证返回的信息不可用({reason})", "what the identity provider says cannot be used ({reason})")
    remedy = Text(
        "请重新登录;如仍失败请联系运营方", "log in again; if it fails once more, tell whoever runs the service"
    )


class SessionOver(Refusal):
    """The session has ended: by logging out, by a newer login, by time, or because its refresh token came twice."""

    code = "login.session_over"
    says = Text("会话已结束({reason})", "the session has ended ({reason})")
    remedy = _AGAIN
