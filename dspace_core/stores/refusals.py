"""The ways in which the stores say no. None carries a row, a key, an address or a password.

What a database says about a failure often quotes the value that failed, so `failures.py` reduces it to a kind first.
"""

from dspace_core.errors import Refusal, Text


class BadUrl(Refusal):
    """A setting is no address of a database. `reason` is the part that is wrong: scheme, user, host, database, form."""

    code = "stores.bad_url"
    says = Text("设置 {setting} 不是有效的数据库地址({reason})", "{setting} is no usable database address ({reason})")
    remedy = Text(
        "格式: postgresql://角色@主机/库名, redis://主机:端口 或 unix://路径",
        "write postgresql://role@host/database, redis://host:port or unix://path",
    )


class LoginRefused(Refusal):
    """The server answers and does not let this role in."""

    code = "stores.login_refused"
    says = Text("数据库拒绝登录(设置 {setting})", "the server named by {setting} refuses the login")
    remedy = Text("请检查角色、口令文件与数据库权限", "check the role, its password file and its right to connect")


class Unavailable(Refusal):
    """The database cannot be reached, or the connection was lost before anything was committed: nothing was written.

    `where` is the setting with the address while connecting, or `session` for a session in use.
    """

    code = "stores.unavailable"
    says = Text("数据库无应答({where}: {reason})", "the database does not answer ({where}: {reason})")
    remedy = Text("未写入任何内容, 请稍后重试", "nothing was written; try again later")


class OutcomeUnknown(Refusal):
    """The connection was lost while a transaction committed: it may stand or not."""

    code = "stores.outcome_unknown"
    says = Text("提交时连接中断, 结果未知", "the connection was lost during the commit; the outcome is unknown")
    remedy = Text("请以同一幂等键重试", "try again with the same idempotency key")


class LockTimeout(Refusal):
    """Another transaction held a row for longer than we wait."""

    code = "stores.lock_timeout"
    says = Text("等待锁超时", "another transaction held the lock for too long")
    remedy = Text("未写入任何内容, 请重试", "nothing was written; try again")


class ConcurrentChange(Refusal):
    """Two transactions collided (serialization failure, deadlock, a migration meanwhile) and this one gave way."""

    code = "stores.concurrent_change"
    says = Text("与另一事务冲突", "another transaction got in the way")
    remedy = Text("未写入任何内容, 请重试", "nothing was written; try again")


class ClocksApart(Refusal):
    """The clock of this machine and that of the database differ by more than article 13 allows."""

    code = "stores.clocks_apart"
    says = Text("本机与数据库时钟相差 {apart_ms} 毫秒", "this clock and the database's differ by {apart_ms} ms")
    remedy = Text("请校准时钟(上限 {limit_ms} 毫秒)", "synchronise the clocks; the limit is {limit_ms} ms")


class MigrationMisnamed(Refusal):
    """A file of the folder is not called NNNN_name.sql."""

    code = "stores.migration_misnamed"
    says = Text("迁移文件名无效: {file}", "{file} is not named like a migration")
    remedy = Text("请命名为 0001_名称.sql(小写字母、数字、下划线)", "name it NNNN_name.sql in lower case")


class MigrationGap(Refusal):
    """A number is missing: from the folder, or from the ledger below one that was applied."""

    code = "stores.migration_gap"
    says = Text("缺少编号为 {number} 的迁移", "migration {number} is missing")
    remedy = Text("编号须从 1 起连续", "number the files from 1 without a gap")


class MigrationTwice(Refusal):
    """Two files bear one number."""

    code = "stores.migration_twice"
    says = Text("编号 {number} 出现两次", "two migrations are numbered {number}")
    remedy = Text("请为较新的文件换用下一个编号", "give the newer file the next number")


class MigrationChanged(Refusal):
    """A file differs from what this database was migrated with."""

    code = "stores.migration_changed"
    says = Text("已执行的迁移被改动: {file}", "{file} changed after it was applied")
    remedy = Text("请恢复该文件, 另写新的迁移", "restore the file and write a new migration")


class MigrationFailed(Refusal):
    """A file does not run. The ones before it stand; of it nothing does. `line` is 0 where the server names none."""

    code = "stores.migration_failed"
    says = Text("迁移 {file} 第 {line} 行失败({sqlstate})", "{file} fails at line {line} ({sqlstate})")
    remedy = Text("请修正后重新执行", "correct it and run the migrations again")


class LaneFull(Refusal):
    """As many rows wait as the lane takes."""

    code = "lane.full"
    says = Text("写入队列已满({capacity})", "{capacity} rows are waiting to be written")
    remedy = Text("请稍后以同一幂等键重试", "try again shortly with the same idempotency key")


class LaneClosed(Refusal):
    """The process is ending and takes no more rows."""

    code = "lane.closed"
    says = Text("服务正在停止", "the lane is closed")
    remedy = Text("请以同一幂等键向其他实例重试", "try again with the same idempotency key elsewhere")


class KeyConflict(Refusal):
    """A row with this key, and other content, is on its way."""

    code = "lane.key_conflict"
    says = Text("同一幂等键对应不同内容", "another row with the same key is being written")
    remedy = Text("不同的内容请使用新的幂等键", "use a fresh key for another content")


class LaneOutcomeUnknown(Refusal):
    """The connection was lost while the batch committed: the row may stand or not. The lane does not run it again."""

    code = "lane.outcome_unknown"
    says = Text("提交时连接中断, 结果未知", "the connection was lost during the commit; the outcome is unknown")
    remedy = Text("请以同一幂等键重试", "try again with the same idempotency key")


class RowRefused(Refusal):
    """The database does not take this row. `constraint` is empty where none was named."""

    code = "lane.row_refused"
    says = Text("数据库拒绝该行({sqlstate} {constraint})", "the database refuses the row ({sqlstate} {constraint})")
    remedy = Text("请检查提交的内容", "check what was submitted")


class EphemeralUnavailable(Refusal):
    """The ephemeral store did not answer; whether it acted is not known. Whatever rests on it is refused."""

    code = "ephemeral.unavailable"
    says = Text("临时存储无应答({reason})", "the ephemeral store does not answer ({reason})")
    remedy = Text("请稍后重试", "try again later")


class EphemeralRestarted(Refusal):
    """The ephemeral store was restarted while this was asked. Codes given out before are void."""

    code = "ephemeral.restarted"
    says = Text("临时存储已重启", "the ephemeral store was restarted")
    remedy = Text("请重新获取验证码或凭据后重试", "ask for a fresh code or proof and try again")


class IssuedBeforeStart(Refusal):
    """A proof is older than the memory of the ephemeral store, which therefore cannot say that it is new."""

    code = "ephemeral.issued_before_start"
    says = Text("凭据签发于临时存储启动之前", "the proof was issued before the ephemeral store began")
    remedy = Text("请重新签发凭据", "issue a fresh proof")


class EphemeralEvicts(Refusal):
    """The server may drop keys to save memory, replay guards among them."""

    code = "ephemeral.evicts"
    says = Text("临时存储会主动淘汰数据({policy})", "the ephemeral store evicts keys ({policy})")
    remedy = Text("请将 maxmemory-policy 设为 noeviction", "set maxmemory-policy to noeviction")


class OutOfBounds(Refusal):
    """A key, value, payload or time to live is outside what the ephemeral store takes."""

    code = "ephemeral.out_of_bounds"
    says = Text("{what} 超出范围(上限 {limit})", "the {what} is empty or beyond its limit of {limit}")
    remedy = Text("请缩短后重试", "make it shorter")
