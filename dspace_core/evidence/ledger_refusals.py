"""The ways in which the evidence database says no. None carries a field of a record, a digest, a key or a subject."""

from dspace_core.errors import Refusal, Text


class NotNumbered(Refusal):
    """A proof was asked for before a signed checkpoint covers the entry. The entry itself is recorded and stays."""

    code = "evidence.not_numbered"
    says = Text("存证已记录, 尚未编入已签名的日志", "the entry is recorded, and no signed checkpoint covers it yet")
    remedy = Text("请在 {retry_after} 秒后重试", "ask again after {retry_after} s")


class EntryUnknown(Refusal):
    """The subject has no such entry, neither waiting nor numbered."""

    code = "evidence.entry_unknown"
    says = Text("没有该存证条目", "there is no such entry of this subject")
    remedy = Text("请核对存证编号", "check the id of the entry")


class EntryErased(Refusal):
    """The key of the entry's year was destroyed: the leaf stands in the log, the record cannot be read by anybody."""

    code = "evidence.entry_erased"
    says = Text("该存证的内容已删除, 日志条目仍在", "the record was erased; its leaf stays in the log")
    remedy = Text("内容无法恢复; 可出示删除证明", "it cannot be restored; show the certificate of erasure")


class KeyErased(Refusal):
    """A key was destroyed by an erasure, or was never made; what was sealed under it cannot be opened again."""

    code = "evidence.key_erased"
    says = Text("密钥已销毁或不存在: {kind}", "the key was destroyed or never made: {kind}")
    remedy = Text("其内容无法恢复", "what was sealed under it cannot be restored")


class ErasureWaits(Refusal):
    """What was recorded of the subject before the erasure is not numbered yet; nothing was erased."""

    code = "evidence.erasure_waits"
    says = Text(
        "该主体尚有 {waiting} 条存证未编号, 未执行删除", "{waiting} entries of the subject wait; nothing was erased"
    )
    remedy = Text("请确认公证进程正在运行, 然后重试", "see that the notary runs, and ask again")


class ReplayIncomplete(Refusal):
    """Some erasures of the file could not be carried out again; all others were."""

    code = "evidence.replay_incomplete"
    says = Text("{of} 项删除中有 {failed} 项未能重新执行", "{failed} of {of} erasures could not be carried out again")
    remedy = Text(
        "切勿开放数据库; 请排除两个数据库的故障后重新执行",
        "do not open the databases; see that both clusters answer, and replay again",
    )


class KeysKept(Refusal):
    """Destroyed keys may still stand in the files of the keys cluster. They are out of use all the same."""

    code = "evidence.keys_kept"
    says = Text(
        "密钥已停用, 但其字节仍可能保留在密钥库的文件中: {where}",
        "destroyed keys may still stand in the files of the keys cluster: {where}",
    )
    remedy = Text(
        "rights: 请执行 keys_clearing.sql; wal_recycle 须为 off; snapshot: 请结束持有旧快照的会话; "
        "wal: 请检查复制槽、归档和 wal_keep_size; 然后重试",
        "rights: run keys_clearing.sql; wal_recycle must be off; snapshot: end the session that holds an old one; wal: look "
        "for replication slots, archiving and wal_keep_size; then ask again",
    )


class DayKeyGone(Refusal):
    """A record waits whose day key is gone: the keys cluster is older than the main one, or the key went too early."""

    code = "evidence.day_key_gone"
    says = Text(
        "{day} 的日密钥已不存在, 该日仍有未编号的存证", "the key of {day} is gone, and records of that day wait"
    )
    remedy = Text(
        "请将密钥库恢复到不早于主库的时间点, 然后重新启动",
        "restore the keys cluster to a moment not before the main one's",
    )


class EntryTwice(Refusal):
    """A waiting record bears the id of an entry that is numbered already. Ids are minted once for each act."""

    code = "evidence.entry_twice"
    says = Text("存证编号 {entry} 被使用了两次", "the entry id {entry} was used twice")
    remedy = Text("请查明写入方, 处理该待编号记录后再启动", "find who wrote it, settle the waiting record, start again")


class PendingUnreadable(Refusal):
    """A waiting record does not open under its day key: its bytes were changed, or were not written by us."""

    code = "evidence.pending_unreadable"
    says = Text("待编号存证 {entry} 无法打开", "the waiting entry {entry} does not open")
    remedy = Text("请保留该行并查明来源, 处理后再启动", "keep the row, find where it came from, settle it, start again")


class TermLost(Refusal):
    """Another notary took a newer term; nothing of what this one was writing stands."""

    code = "evidence.term_lost"
    says = Text("任期 {term} 已被新的公证进程取代", "term {term} was superseded by another notary")
    remedy = Text("本进程须结束; 无需其他操作", "this process ends; nothing else is to be done")


class DatabaseBehind(Refusal):
    """The database knows less than was signed: it was restored from an older state. Going on would sign a fork."""

    code = "evidence.database_behind"
    says = Text(
        "数据库只到 {size}, 而已签名到 {signed}: 继续将使日志分叉",
        "the database reaches {size} and {signed} was signed: going on would fork the log",
    )
    remedy = Text(
        "请恢复到更新的备份; 若无, 以新的日志名称调用 continue_log: 旧日志冻结, 新日志首条记载其最后检查点",
        "restore a newer state; if there is none, call continue_log with a new origin: the old log is frozen and entry 0 "
        "of the new one holds its last checkpoint",
    )


class DatabaseDiverged(Refusal):
    """The leaves in the database are not those that were signed or recorded."""

    code = "evidence.database_diverged"
    says = Text("数据库条目在大小 {size} 处与已签名的根不符", "the leaves differ from the known root at size {size}")
    remedy = Text(
        "切勿签名; 请保留数据库并恢复可信备份, 或以新的日志名称调用 continue_log",
        "sign nothing; keep the database, restore a sound state, or call continue_log with a new origin",
    )


class HeadsLost(Refusal):
    """The file of signed heads does not know this log, though the database says that it was signed."""

    code = "evidence.heads_lost"
    says = Text("已签名检查点的记录(cas)缺失", "the file of signed heads (cas) does not hold this log's")
    remedy = Text(
        "请恢复该文件; 它不可与数据库一同回退", "put the file back; it never goes back together with a database"
    )


class HeadSuperseded(Refusal):
    """A head was to be kept that does not follow the last one kept: smaller, or of a log that was frozen."""

    code = "evidence.head_superseded"
    says = Text(
        "检查点大小 {size} 不能接在已签名的 {signed} 之后", "a head of size {size} cannot follow that of {signed}"
    )
    remedy = Text("本进程须结束; 请确认只有一个公证进程", "this process ends; see that one notary runs")


class OriginTaken(Refusal):
    """A new log was to bear a name that a log bears already."""

    code = "evidence.origin_taken"
    says = Text("该日志名称已被使用", "a log of this name exists already")
    remedy = Text("请选择新的日志名称", "choose a name that no log ever bore")


class JournalDamaged(Refusal):
    """A line within a file of signed heads or of erasures does not bear its checksum; the last line may be torn."""

    code = "evidence.journal_damaged"
    says = Text("文件 {file} 第 {line} 行已损坏", "line {line} of the file {file} is damaged")
    remedy = Text("请从该文件自身的副本恢复", "restore the file from a copy of its own")


class ChainBroken(Refusal):
    """Two neighbouring entries of a subject do not join: the later does not name the leaf of the earlier."""

    code = "evidence.chain_broken"
    says = Text("第 {seq} 条存证与前一条不相接", "entry {seq} does not follow from the one before")
    remedy = Text("请保留数据库并与已公布的日志核对", "keep the database and compare it with the published log")


class NothingSigned(Refusal):
    """A log is to be exported, and no checkpoint was ever signed."""

    code = "evidence.nothing_signed"
    says = Text("尚无已签名的日志", "no log was signed yet")
    remedy = Text("请在首条存证编号后重试", "try again when the first entry is numbered")
