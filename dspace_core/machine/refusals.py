"""What can stand in the way of starting: each with the setting's name and what to do."""

from dspace_core.errors import Refusal, Text


class SettingInvalid(Refusal):
    """A setting's text cannot be used."""

    code = "machine.setting_invalid"
    says = Text("设置 {name} 无效,应为{expected}", "the setting {name} is not usable; expected {expected}")
    remedy = Text("请更正 {name} 后重新启动", "correct {name} and start again")


class SettingUnknown(Refusal):
    """An environment variable looks like ours but is none."""

    code = "machine.setting_unknown"
    says = Text("没有名为 {name} 的设置", "there is no setting named {name}")
    remedy = Text("最接近的设置是 {nearest};请更正或删除", "the nearest is {nearest}; correct it or remove it")


class AlreadyRunning(Refusal):
    """Another supervisor owns this home."""

    code = "machine.already_running"
    says = Text("{home} 已由进程 {pid} 运行", "process {pid} already runs {home}")
    remedy = Text("可用 dspace status 查看,dspace down 停止", "see `dspace status`; end it with `dspace down`")


class NotRunning(Refusal):
    """No supervisor owns this home."""

    code = "machine.not_running"
    says = Text("{home} 没有运行", "nothing runs in {home}")
    remedy = Text("用 dspace up 启动", "start it with `dspace up`")


class NotStopped(Refusal):
    """The supervisor did not end in time."""

    code = "machine.not_stopped"
    says = Text("进程 {pid} 在 {seconds} 秒内没有结束", "process {pid} did not end within {seconds} s")
    remedy = Text("请查看 DSPACE_HOME 下的日志", "look at the logs under DSPACE_HOME")


class PortTaken(Refusal):
    """Another program listens where we should."""

    code = "machine.port_taken"
    says = Text("端口 {port} 已被其他程序占用", "another program listens on port {port}")
    remedy = Text("停止该程序,或将 DSPACE_PORT 设为空闲端口", "end that program or set DSPACE_PORT to a free port")


class HomeUnusable(Refusal):
    """The home or the runtime folder cannot be used as it is."""

    code = "machine.home_unusable"
    says = Text("不能使用文件夹 {path}:{reason}", "the folder {path} cannot be used: {reason}")
    remedy = Text(
        "请更正该文件夹,或将 DSPACE_HOME(套接字为 DSPACE_RUNTIME)设为本用户自有、且服务用户可以进入的文件夹",
        "mend the folder, or set DSPACE_HOME (DSPACE_RUNTIME for sockets) to one of your own that the servers can enter",
    )


class ServerMissing(Refusal):
    """A server's program is not installed."""

    code = "machine.server_missing"
    says = Text("找不到 {server} 的程序", "the program of {server} was not found")
    remedy = Text("请安装 dspace-core[machine],或设置 {setting}", "install dspace-core[machine], or set {setting}")


class ServerVersion(Refusal):
    """A server program has a version we do not run on."""

    code = "machine.server_version"
    says = Text("不支持 PostgreSQL {found}", "PostgreSQL {found} is not supported")
    remedy = Text("请让 DSPACE_POSTGRES_BIN 指向 {wanted} 版", "let DSPACE_POSTGRES_BIN name one of version {wanted}")


class DataVersion(Refusal):
    """A data folder was written by another major version of PostgreSQL."""

    code = "machine.data_version"
    says = Text(
        "{path} 由 PostgreSQL {found} 写成,现有程序为 {server}",
        "{path} was written by PostgreSQL {found}; the program here is {server}",
    )
    remedy = Text(
        "请用 DSPACE_POSTGRES_BIN 指向 {found} 版,或用 pg_upgrade 升级;数据未被改动",
        "let DSPACE_POSTGRES_BIN name version {found}, or upgrade with pg_upgrade; nothing was touched",
    )


class DataInUse(Refusal):
    """A living process still works in a data folder."""

    code = "machine.data_in_use"
    says = Text("仍有服务进程在使用 {path}", "a server that was left behind still works in {path}")
    remedy = Text(
        "等待或结束该进程后再启动;数据未被改动", "wait for it or end it, then start again; nothing was touched"
    )


class DiskFull(Refusal):
    """There is no room left."""

    code = "machine.disk_full"
    says = Text("{path} 所在磁盘空间不足", "no space is left on the disk of {path}")
    remedy = Text("释放空间,或将 DSPACE_HOME 设到其他磁盘", "free some, or set DSPACE_HOME to another disk")


class ServerFailed(Refusal):
    """A server did not start, or ended on its own."""

    code = "machine.server_failed"
    says = Text("{server} 没有启动或意外结束", "{server} did not start or ended on its own")
    remedy = Text("原因见 {log}", "the reason stands in {log}")


class ResidentFailed(Refusal):
    """A process of ours fell again and again before it could serve."""

    code = "machine.resident_failed"
    says = Text("{name} 反复启动失败", "{name} fell again and again before it could serve")
    remedy = Text("原因见上方输出", "the reason stands above, in what it printed")


class SecretMissing(Refusal):
    """A password file that the operator must give is not there."""

    code = "machine.secret_missing"
    says = Text("缺少密码文件 {path}", "the password file {path} is missing")
    remedy = Text(
        "请将角色 {role} 的密码写入该文件,权限 0600", "write the password of the role {role} into it, mode 0600"
    )


class SecretExposed(Refusal):
    """A secret file can be read by others."""

    code = "machine.secret_exposed"
    says = Text("密码文件 {path} 可被他人读取", "the secret file {path} can be read by others")
    remedy = Text("请执行 chmod 600 {path},并更换其中的密码", "chmod 600 {path}, and change the secret in it")


class DevelopmentOnly(Refusal):
    """Made data go into the made authorities of a development home, which has its databases with it, and nowhere else."""

    code = "machine.development_only"
    says = Text("演示数据只能写入开发模式的内嵌数据库", "made data go into the embedded databases of development only")
    remedy = Text(
        "请设 DSPACE_MODE=development 且不设 DSPACE_DATABASE_URL",
        "set DSPACE_MODE=development and no DSPACE_DATABASE_URL",
    )


class SettingMissing(Refusal):
    """Production takes nothing for granted: a place or a number that only the operator knows was not given."""

    code = "machine.setting_missing"
    says = Text("生产模式下必须给出设置 {name}", "in production the setting {name} must be given")
    remedy = Text(
        "请设置 {name}(见 docs/operations.md),或在试用时设 DSPACE_MODE=development",
        "set {name} (docs/operations.md), or DSPACE_MODE=development to try things out",
    )


class InsideHome(Refusal):
    """What must not be lost or go back in time together with the data lies among them."""

    code = "machine.inside_home"
    says = Text("生产模式下 {name} 不得位于 DSPACE_HOME 内", "in production {name} may not lie inside DSPACE_HOME")
    remedy = Text("请将 {name} 指向另一个卷", "let {name} name a place on another volume")


class ApartUnusable(Refusal):
    """The folder of signed heads and erasures is not there, or others could change what is in it."""

    code = "machine.apart_unusable"
    says = Text(
        "不能使用 DSPACE_APART 文件夹 {path}:{reason}", "the folder of DSPACE_APART, {path}, is not usable: {reason}"
    )
    remedy = Text(
        "请确认其所在卷已挂载,且文件夹属于运行用户、他人不可写;首次部署请先创建。切勿用空文件夹替换原有内容",
        "see that its volume is mounted, and that the folder is ours and closed to others' writing; make it once for a new "
        "deployment. Never put an empty one in place of one that was used",
    )


class CheckpointKeyLost(Refusal):
    """The log was signed, and the key that signed it is not the one that is there."""

    code = "machine.checkpoint_key_lost"
    says = Text("{path} 中没有签署此日志的密钥", "{path} does not hold the key that signed this log")
    remedy = Text(
        "请从备份恢复该文件;若已丢失,将 DSPACE_LOG_ORIGIN 设为新名称后执行 python -m dspace_core.machine.continuing",
        "restore the file; if it is lost, set DSPACE_LOG_ORIGIN to a new name and run python -m dspace_core.machine.continuing",
    )


class LogOriginDiffers(Refusal):
    """The log in use bears another name than the setting says."""

    code = "machine.log_origin_differs"
    says = Text(
        "数据库中的日志名为 {origin},与 DSPACE_LOG_ORIGIN 不符",
        "the log in use is named {origin}, not as DSPACE_LOG_ORIGIN says",
    )
    remedy = Text(
        "请将 DSPACE_LOG_ORIGIN 设为该名称;另开新日志须执行 python -m dspace_core.machine.continuing",
        "set DSPACE_LOG_ORIGIN to that name; a log of another name is opened by python -m dspace_core.machine.continuing",
    )
