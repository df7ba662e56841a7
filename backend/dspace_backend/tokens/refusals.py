"""The ways in which a token or a proof is refused. `reason` is a word of the standard, never what the caller sent."""

from dspace_core import Refusal, Text

_LOG_IN = Text("请重新登录", "log in again")


class TokenMissing(Refusal):
    """A call without an access token, or with one in another scheme than DPoP."""

    code = "tokens.missing"
    says = Text("请求未携带访问令牌", "the call carries no access token of the scheme DPoP")
    remedy = Text("请先登录,并以 DPoP 方案携带令牌", "log in, and send `Authorization: DPoP` with the token")


class TokenRefused(Refusal):
    """An access token that is not ours, not for us, over, or of a session that has ended."""

    code = "tokens.refused"
    says = Text("访问令牌无效({reason})", "the access token is not accepted ({reason})")
    remedy = Text("请刷新令牌或重新登录", "refresh the token or log in again")


class ProofRefused(Refusal):
    """A proof of possession that does not hold for this call, at this time, with this key (RFC 9449 section 4.3)."""

    code = "tokens.proof_refused"
    says = Text("持有证明无效({reason})", "the proof of possession does not hold ({reason})")
    remedy = Text(
        "请为本次请求签发新的证明", "sign a fresh proof for this very call; see the clock if the reason is iat"
    )


class NonceNeeded(Refusal):
    """A proof without a nonce of ours that is fresh. The answer carries one (RFC 9449 sections 8 and 9)."""

    code = "tokens.nonce_needed"
    says = Text("持有证明缺少有效的服务端随机数", "the proof carries no fresh nonce of this server")
    remedy = Text("请用响应头 DPoP-Nonce 的值重新签发证明", "sign again with the value of the header DPoP-Nonce")


class SigningKeyUnfit(Refusal):
    """A file among the signing keys that is none of this deployment."""

    code = "tokens.signing_key_unfit"
    says = Text("签名密钥文件 {path} 不可用", "{path} is no signing key of this deployment")
    remedy = Text(
        "请从备份恢复该文件,或将其移走(以其签发的令牌随即失效)",
        "restore the file, or move it away: tokens that it signed are then refused",
    )
