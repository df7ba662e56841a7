"""The ways in which the evidence room says no. None carries a field of a record, a digest, a salt or a key."""

from dspace_core.errors import Refusal, Text


class ProofError(Refusal):
    """A proof does not lead to the root: altered, cut, extended, of another leaf or of another size.

    Its subclasses are everything else by which a piece of evidence can fail to hold.
    """

    code = "evidence.proof_invalid"
    says = Text("存证证明不成立", "the proof does not lead to the root")
    remedy = Text(
        "请重新获取证明; 若仍不成立, 勿采信该内容", "fetch the proof again; if it still fails, do not rely on it"
    )


class ProofImpossible(Refusal):
    """A proof was asked for that no tree has: a leaf past the end, or a larger tree inside a smaller one."""

    code = "evidence.proof_impossible"
    says = Text("位置 {position} 不在大小为 {size} 的日志内", "position {position} lies outside a log of size {size}")
    remedy = Text("请使用更新的检查点", "ask under a newer checkpoint")


class NoteMalformed(ProofError):
    """The bytes are no signed note (C2SP signed-note)."""

    code = "evidence.note_malformed"
    says = Text("签名文本格式无效", "these bytes are not a signed note")
    remedy = Text("请检查文件是否被截断或改动", "check whether the file was cut or changed")


class NoteForged(ProofError):
    """A line bears the name and id of a known key, and its signature does not hold."""

    code = "evidence.note_forged"
    says = Text("已知密钥的签名验证失败", "a signature line of a known key does not verify")
    remedy = Text("勿采信; 请保留该文件并向运营方求证", "do not rely on it; keep the file and ask the operator")


class NoteUnsigned(ProofError):
    """No line is signed by the log's own key as the verifier knows it."""

    code = "evidence.note_unsigned"
    says = Text("没有受信任的日志签名", "no signature of the log by a key that is trusted here")
    remedy = Text("请核对日志来源与公钥", "check the origin of the log and the verifier key")


class CosignatureMissing(ProofError):
    """A witness was named as one that must have seen the checkpoint, and no line of its is there."""

    code = "evidence.cosignature_missing"
    says = Text("检查点没有见证方 {witness} 的会签", "the witness {witness} did not cosign the checkpoint")
    remedy = Text(
        "请稍后重新获取; 若不要求该见证方, 请勿列出其公钥",
        "fetch it again later; leave the key out if its cosignature is not asked for",
    )


class VKeyMalformed(ProofError):
    """A text is no verifier key (`name+id+key`), or of a kind that this release does not verify."""

    code = "evidence.vkey_malformed"
    says = Text("验证公钥文本无效", "the text is not a verifier key of a known kind")
    remedy = Text("请重新获取公钥文本", "get the text of the verifier key again from where it is published")


class CheckpointMalformed(ProofError):
    """A signed text is no checkpoint (C2SP tlog-checkpoint): origin, size, root."""

    code = "evidence.checkpoint_malformed"
    says = Text("检查点格式无效", "the signed text is not a checkpoint")
    remedy = Text("请重新获取检查点", "fetch the checkpoint again")


class LeafMalformed(ProofError):
    """The bytes are no leaf: wrong length, version or instant."""

    code = "evidence.leaf_malformed"
    says = Text("日志条目格式无效", "these bytes are not a leaf")
    remedy = Text("请检查数据来源或升级软件", "check where they come from, or run a newer release")


class OutsideProfile(Refusal):
    """A value that canonical JSON here does not write: a float, a large integer, a key beyond ASCII, deep nesting."""

    code = "evidence.outside_profile"
    says = Text("内容超出规范化 JSON 的允许范围", "the value lies outside the profile of canonical JSON")
    remedy = Text(
        "请仅使用 ASCII 键名、绝对值小于 2^53 的整数、有效文本、布尔值与空值",
        "use ASCII keys, integers below 2^53, valid text, booleans and null only",
    )


class EntryMalformed(Refusal):
    """A record group holds what its types do not allow, or its bytes are not its canonical form."""

    code = "evidence.entry_malformed"
    says = Text("存证记录的内容不符合格式", "the record does not keep to the form of its groups")
    remedy = Text(
        "记录中只能有标识、代码、摘要、计数与时间; 请检查写入方",
        "a record holds ids, codes, digests, counts and instants only; check who wrote it",
    )


class EntryMismatch(ProofError):
    """A record, a sealed record or an opened group is not the one that the leaf commits to."""

    code = "evidence.entry_mismatch"
    says = Text("记录与日志条目不一致", "the record is not the one that the leaf commits to")
    remedy = Text("勿采信该记录; 请从备份恢复后再核对", "do not rely on it; restore the record and compare again")


class BundleInvalid(ProofError):
    """One of the numbered checks of a bundle failed; the number and its name say which."""

    code = "evidence.bundle_invalid"
    says = Text("第 {check} 项核验未通过: {name}", "check {check} failed: {name}")
    remedy = Text(
        "请重新获取存证文件; 若仍不通过, 勿采信", "get the bundle again; if it still fails, do not rely on it"
    )


class LogInvalid(ProofError):
    """A file of an exported log is missing or differs from what the signed tree needs."""

    code = "evidence.log_invalid"
    says = Text("日志文件 {file} 缺失或与签名的日志不符", "the log's file {file} is missing or not of the signed tree")
    remedy = Text("请重新导出日志; 若仍不符, 请保留文件并求证", "export again; if it persists, keep the files and ask")


class TileUnknown(Refusal):
    """A path names no tile."""

    code = "evidence.tile_unknown"
    says = Text("没有这样的日志分块", "the path names no tile")
    remedy = Text("请按检查点的大小计算分块路径", "compute the path from the size of a checkpoint")


class TilesBehind(Refusal):
    """The level files do not reach as far as was asked: they are being caught up, or the index lies in the future."""

    code = "evidence.tiles_behind"
    says = Text("日志文件尚未到达位置 {needed}", "the level files do not reach position {needed} yet")
    remedy = Text("请稍后重试, 或由条目重建日志文件", "try again shortly, or rebuild the files from the leaves")


class TilesDiffer(Refusal):
    """The level files hold another tree than the one that was signed or recorded."""

    code = "evidence.tiles_differ"
    says = Text("日志文件在大小 {size} 处与已知的根不符", "the level files differ from the known root at size {size}")
    remedy = Text("请由条目重建日志文件, 切勿据此签名", "rebuild the files from the leaves; sign nothing from them")


class TilesBusy(Refusal):
    """Another process holds the level files open for writing."""

    code = "evidence.tiles_busy"
    says = Text("日志文件正由另一进程写入", "another process writes these level files")
    remedy = Text("请先停止另一进程", "stop the other process first")


class ExportOccupied(Refusal):
    """A log is exported into an empty folder only, so that no file of another log stays among its own."""

    code = "evidence.export_occupied"
    says = Text("导出目录不为空", "the folder to export into is not empty")
    remedy = Text("请指定空目录", "name an empty folder")


class ExportFailed(Refusal):
    """The files of an export could not be written."""

    code = "evidence.export_failed"
    says = Text("无法写入 {folder}: {reason}", "{folder} cannot be written: {reason}")
    remedy = Text("请指定可写且空间足够的空目录", "name an empty folder that is yours to write and has the space")


class EvidenceUnreadable(Refusal):
    """A file that was to be verified cannot be read, so that nothing is said about it."""

    code = "evidence.unreadable"
    says = Text("无法读取 {file}: {reason}", "{file} cannot be read: {reason}")
    remedy = Text("请核对路径与读取权限", "check the path, and that you may read it")


class VKeyUnknown(Refusal):
    """A log is to be exported, and its verifier key is neither in the notary's folder nor given."""

    code = "evidence.vkey_unknown"
    says = Text("此处没有该日志的验证公钥", "the log's verifier key is not here")
    remedy = Text("请用 --vkey 给出公钥文本", "give its text with --vkey")
