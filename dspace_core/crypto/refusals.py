"""The ways in which the crypto room says no. None carries a key, a digest, a context or anything that was sealed."""

from dspace_core.errors import Refusal, Text


class SuiteUnknown(Refusal):
    """A suite number that no release has ever written."""

    code = "crypto.suite_unknown"
    says = Text("未知的密码套件编号 {number}", "the cipher suite number {number} is unknown")
    remedy = Text("请检查数据来源或升级软件", "check where the record comes from, or run a newer release")


class SuiteUnavailable(Refusal):
    """A suite number that is reserved, and that this release cannot compute. It never falls back to another suite."""

    code = "crypto.suite_unavailable"
    says = Text("密码套件 {number} 已预留, 本版本尚不支持", "cipher suite {number} is reserved and not in this release")
    remedy = Text("请选用套件 1, 或使用支持该套件的版本", "choose suite 1, or run a release that carries this suite")


class SuiteMixed(Refusal):
    """Something of one suite was brought to a tree or a key of another."""

    code = "crypto.suite_mixed"
    says = Text("密码套件不一致: 应为 {expected}, 实为 {found}", "suite {found} where everything is suite {expected}")
    remedy = Text("同一棵树只能使用一种密码套件", "keep one suite for one tree; open the other tree under its own")


class KeyMalformed(Refusal):
    """Bytes that cannot be a key: wrong length, no point of the curve, or a public key that would accept anything."""

    code = "crypto.key_malformed"
    says = Text("密钥格式无效", "these bytes are not a key of this kind")
    remedy = Text("请检查密钥的类型与编码", "check the kind and the encoding of the key")


class NameMalformed(Refusal):
    """A group or purpose name outside the alphabet that keeps derivations apart."""

    code = "crypto.name_malformed"
    says = Text("用途或分组名称无效", "not a name of a group or a purpose")
    remedy = Text(
        "名称须以小写字母开头, 仅含小写字母、数字、连字符与下划线, 最长 32 个字符",
        "start with a lower-case letter; then letters, digits, hyphens, underscores; 32 characters at most",
    )


class LookupMalformed(Refusal):
    """The kind or the value of a lookup is empty or is no text."""

    code = "crypto.lookup_malformed"
    says = Text("检索内容为空或不是有效文本", "the kind or the value to look up is empty or not valid text")
    remedy = Text("请先校验并规范化证件号码", "check and normalise the identifier before looking it up")


class SignatureInvalid(Refusal):
    """The signature does not belong to this message under this key."""

    code = "crypto.signature_invalid"
    says = Text("签名验证失败", "the signature does not verify")
    remedy = Text("请核对公钥与原文, 勿采信该内容", "check the public key and the message; do not rely on the content")


class RecordMalformed(Refusal):
    """The bytes are no sealed record: too short, or of another format version."""

    code = "crypto.record_malformed"
    says = Text("密封记录格式无效", "these bytes are not a sealed record")
    remedy = Text("请检查记录是否被截断", "check whether the record was cut short or is of another kind")


class UnsealFailed(Refusal):
    """Wrong key, other context, or a changed record: deliberately one answer for all three."""

    code = "crypto.unseal_failed"
    says = Text("密封记录无法开启", "the sealed record does not open")
    remedy = Text("请核对密钥与上下文, 或从备份恢复", "check key and context, or restore the record from a backup")


class RootUnknown(Refusal):
    """A wrapped key names a root key that this provider does not hold."""

    code = "crypto.root_unknown"
    says = Text("找不到该记录所用的根密钥", "no root key of that id is held here")
    remedy = Text("请恢复包含该根密钥的密钥文件", "bring back the key file that holds this root key")


class KeyFileMissing(Refusal):
    """There is no key file at the place named."""

    code = "crypto.key_file_missing"
    says = Text("根密钥文件不存在", "there is no root key file at the place named by DSPACE_KEY_FILE")
    remedy = Text(
        "请检查路径, 或从备份恢复; 新部署请先创建", "check the path or restore it; a new deployment creates one first"
    )


class KeyFileExists(Refusal):
    """A key file is never created over something that is already there."""

    code = "crypto.key_file_exists"
    says = Text("目标位置已有文件, 不会覆盖", "something already stands where the root key file would be created")
    remedy = Text("请使用现有密钥文件, 或改用其他路径", "use the file that is there, or choose another path")


class KeyFileUnreadable(Refusal):
    """The operating system would not let us open the key file or its folder."""

    code = "crypto.key_file_unreadable"
    says = Text("无法读取根密钥文件 (errno {errno})", "the root key file cannot be read (errno {errno})")
    remedy = Text("请检查运行用户与文件权限", "check which user the process runs as, and who owns the file")


class KeyFileNotWritten(Refusal):
    """The new key file did not reach the disk; the one before it, if any, is unchanged."""

    code = "crypto.key_file_not_written"
    says = Text("根密钥文件写入失败 (errno {errno})", "the root key file could not be written (errno {errno})")
    remedy = Text("请检查磁盘空间与目录权限后重试", "check space and rights of the folder, then try again")


class KeyFileIrregular(Refusal):
    """A symbolic link, a second hard link, a folder, a pipe or a device where a plain file is expected."""

    code = "crypto.key_file_irregular"
    says = Text("根密钥文件必须是唯一链接的普通文件", "the root key file is a link, or not a plain file")
    remedy = Text("请直接指向普通文件本身", "name the plain file itself, with no other link to it")


class KeyFileExposed(Refusal):
    """Group or others have a right on the key file."""

    code = "crypto.key_file_exposed"
    says = Text("根密钥文件对其他用户开放 (权限 {mode})", "the root key file is open to other users (mode {mode})")
    remedy = Text("请设为 0600, 并考虑更换根密钥", "set it to 0600, and consider rotating the root key")


class KeyFileOwner(Refusal):
    """The key file belongs to another user than the one we run as."""

    code = "crypto.key_file_owner"
    says = Text("根密钥文件不属于当前运行用户", "the root key file belongs to another user")
    remedy = Text("请由运行用户持有该文件", "let the user that runs the process own the file")


class KeyFileFolder(Refusal):
    """Others could swap the key file, because its folder is theirs or writable by them."""

    code = "crypto.key_file_folder"
    says = Text("根密钥文件所在目录可被其他用户改动", "the folder of the root key file can be changed by other users")
    remedy = Text("请放入仅运行用户可写的目录", "put the file into a folder that only its own user can write to")


class KeyFileCorrupt(Refusal):
    """The key file is cut short, too long, or its checksum differs."""

    code = "crypto.key_file_corrupt"
    says = Text("根密钥文件已损坏", "the root key file is damaged")
    remedy = Text("请从备份恢复, 切勿新建覆盖", "restore it from its backup; do not create a new one in its place")


class KeyFileInsideHome(Refusal):
    """In production the root key may not lie beside the data that it protects."""

    code = "crypto.key_file_inside_home"
    says = Text(
        "生产模式下根密钥文件不得位于 DSPACE_HOME 内", "in production the root key file lies inside DSPACE_HOME"
    )
    remedy = Text("请将 DSPACE_KEY_FILE 指向其他卷", "let DSPACE_KEY_FILE name a file on another volume")
