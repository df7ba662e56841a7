"""The one way in which the development identity provider says no to whoever starts it."""

from dspace_core import Refusal, Text


class DevelopmentOnly(Refusal):
    """Somebody started it in production."""

    code = "devidp.development_only"
    says = Text("演示身份认证只能在开发模式下运行", "the demo identity provider runs in development only")
    remedy = Text(
        "请将 DSPACE_IDP_URL 设为统一身份认证服务的地址", "set DSPACE_IDP_URL to the address of the identity provider"
    )
