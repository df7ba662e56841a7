"""Why a catalogue, a proposal or a question about them is refused. All values are ids, places, numbers and days."""

from dspace_core.errors import Refusal, Text


class FileUnfit(Refusal):
    """A catalogue file is no TOML of the shape that docs/formats/catalog.md gives."""

    code = "catalog.file_unfit"
    says = Text("目录文件格式不符: {problem}", "the catalogue file does not fit: {problem}")
    remedy = Text("请按 docs/formats/catalog.md 修改", "write it as docs/formats/catalog.md says")


class Repeated(Refusal):
    """One id stands twice where it may stand once: an authority, a field, a material, an item, a use."""

    code = "catalog.repeated"
    says = Text("{id} 重复出现", "{id} stands there twice")
    remedy = Text("请只保留一处", "keep one of the two")


class AuthorityUnknown(Refusal):
    """A category or an item names an authority that the catalogue does not list."""

    code = "catalog.authority_unknown"
    says = Text("{at} 引用了未登记的部门 {authority}", "{at} names the authority {authority}, which is not listed")
    remedy = Text("请先在目录中登记该部门", "have the authority entered into the catalogue first")


class FieldUngraded(Refusal):
    """A field has no data level."""

    code = "catalog.field_ungraded"
    says = Text("数据项 {field} 未分级", "the field {field} has no level")
    remedy = Text("请标明 1 至 4 级", "give its level, 1 to 4")


class RetentionMissing(Refusal):
    """A field does not say how long a recipient may keep it."""

    code = "catalog.retention_missing"
    says = Text("数据项 {field} 未规定保存期限", "the field {field} has no retention")
    remedy = Text("请填写 retention_days", "give its retention_days")


class PurposeUnfit(Refusal):
    """A use has no purpose, or one that is longer than 60 characters or more than one line."""

    code = "catalog.purpose_unfit"
    says = Text(
        "{at} 的用途缺失、多行或超过 60 字", "the purpose at {at} is missing, of several lines or longer than 60"
    )
    remedy = Text("请用一句不超过 60 字的话写明用途", "say what for in one plain sentence of at most 60 characters")


class TwoOwners(Refusal):
    """A category would have two owners (一数一源)."""

    code = "catalog.two_owners"
    says = Text("数据类别 {category} 已有数源部门", "the category {category} has its source authority already")
    remedy = Text("请使用现有类别", "use the category that there is")


class ServedByAnother(Refusal):
    """A plugin proposes to serve an item that another plugin serves. It would get that plugin's cases."""

    code = "catalog.served_by_another"
    says = Text("事项 {item} 已由插件 {plugin} 办理", "the item {item} is served by the plugin {plugin}")
    remedy = Text("请由目录发布方改定办理插件", "have the catalogue's publisher name another plugin for it")


class FlagsContradict(Refusal):
    """Two statements about one thing cannot both hold. `problem` says which."""

    code = "catalog.flags_contradict"
    says = Text("{at} 自相矛盾: {problem}", "{at} contradicts itself: {problem}")
    remedy = Text("请改正其中一项", "correct one of the two")


class FieldUnknown(Refusal):
    """A binding, a use or a predicate names a field that its category does not have, or a category that is not there."""

    code = "catalog.field_unknown"
    says = Text("{at} 引用了不存在的数据项 {field}", "{at} names the field {field}, which does not exist")
    remedy = Text("请对照数据类别核对", "compare it with the category")


class CategoryUnknown(Refusal):
    """The catalogue has no such category."""

    code = "catalog.category_unknown"
    says = Text("目录中没有该数据类别", "the catalogue has no such category")
    remedy = Text("请核对类别标识", "check the id of the category")


class ItemUnknown(Refusal):
    """The catalogue has no such service item, or not in this version."""

    code = "catalog.item_unknown"
    says = Text("目录中没有该事项或该版本", "the catalogue has no such item, or not in this version")
    remedy = Text("请核对事项编码和版本", "check the code and the version of the item")


class MaterialUnknown(Refusal):
    """The catalogue, or the item, has no such material."""

    code = "catalog.material_unknown"
    says = Text(
        "{at} 引用了目录外的材料 {material}", "{at} names the material {material}, which is not in the catalogue"
    )
    remedy = Text("不得要求目录以外的材料", "ask for no material that the catalogue does not list")


class VersionBackwards(Refusal):
    """A version or an effective day would go backwards."""

    code = "catalog.version_backwards"
    says = Text("{of} 的版本或生效日期倒退", "the version or the effective day of {of} would go backwards")
    remedy = Text(
        "请使用更新的版本号和不早于前版的生效日期", "give a newer version, effective no earlier than the last"
    )


class ChangedInVersion(Refusal):
    """An item changed and kept its version, so that the version would mean two things."""

    code = "catalog.changed_in_version"
    says = Text("事项内容有变而版本 {version} 未变", "the item changed and its version {version} did not")
    remedy = Text("请提升事项版本", "raise the version of the item")


class FieldChanged(Refusal):
    """A field of an item gives something else, a value where it gave an answer, and the item kept its version.

    Grants for that version would release what their subjects were never shown.
    """

    code = "catalog.field_changed"
    says = Text(
        "数据项 {field} 提供的内容有变而事项版本 {version} 未变",
        "the field {field} gives something else and the version {version} of its item did not change",
    )
    remedy = Text("请提升事项版本, 或另设数据项", "raise the version of the item, or enter another field")


class PublisherUnknown(Refusal):
    """A document comes from a publisher that is not registered or no longer is."""

    code = "catalog.publisher_unknown"
    says = Text("发布方 {publisher} 未登记或已停用", "the publisher {publisher} is not registered, or no longer")
    remedy = Text("请由运维登记其公钥", "have the operator register its public key")


class SignatureRefused(Refusal):
    """A document is not what its publisher signed."""

    code = "catalog.signature_refused"
    says = Text("目录第 {version} 版的签名无效", "the signature of catalogue version {version} does not hold")
    remedy = Text("请向发布方重新获取", "fetch it from its publisher again")


class RecordDiffers(Refusal):
    """A stored document or proposal is not what its digest says: the table was tampered with or damaged."""

    code = "catalog.record_differs"
    says = Text(
        "库中目录记录与摘要不符(第 {edition} 版次)", "the stored record of edition {edition} differs from its digest"
    )
    remedy = Text("请停用并从备份核对", "stop, and compare with a backup")


class ProposalUnknown(Refusal):
    """No proposal with this digest was filed."""

    code = "catalog.proposal_unknown"
    says = Text("没有该提案", "there is no such proposal")
    remedy = Text("请核对提案摘要", "check the digest of the proposal")


class ProposalSettled(Refusal):
    """The proposal was approved already."""

    code = "catalog.proposal_settled"
    says = Text("该提案已获批准", "the proposal was approved already")
    remedy = Text("无需再次批准", "nothing remains to be done")


class SelfApproval(Refusal):
    """Somebody approves what they proposed themselves."""

    code = "catalog.self_approval"
    says = Text("提案人不得批准自己的提案", "who proposed it may not approve it")
    remedy = Text("请由另一方审批", "let somebody else approve it")


class EditionUnknown(Refusal):
    """The catalogue has no edition of this number, or none that is in force on the day."""

    code = "catalog.edition_unknown"
    says = Text("没有该版次, 或当日尚无生效的目录", "there is no such edition, or none in force on that day")
    remedy = Text("请先导入目录", "import a catalogue first")
